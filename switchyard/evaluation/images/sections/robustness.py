"""The section Robustness of images: rotation, noise, blur and brightness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from switchyard.evaluation.gate_names import ESTIMATE, Place, numbers
from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.gate_schema import ImageGates
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.sections.robustness import Robustness


class ImageRobustness(Robustness[ImageContext, ImageGates]):
    """See `Robustness`."""

    kinds: ClassVar[frozenset[str] | None] = frozenset({"images"})

    def measure(self, context: ImageContext) -> Measurement:
        """See `switchyard.evaluation.images.robustness`."""
        from switchyard.evaluation.images.robustness import robustness

        return Measurement(robustness(context))

    def gate_schema(self, schema: ImageGates) -> Mapping[str, Place]:
        """Each perturbation at its highest strength, and at those below it under `milder`."""
        figures = {schema.primary: ESTIMATE, **numbers("strength", "loss", "loss_low", "loss_high").below}
        perturbations = {}
        for name, strengths in schema.reporting.robustness:
            milder = {f"{strength:g}": Place(below=figures) for strength in strengths[:-1]}
            perturbations[name] = Place(below=figures | ({"milder": Place(below=milder)} if milder else {}))
        return {self.key: Place(below=perturbations)}


SECTION = ImageRobustness()
