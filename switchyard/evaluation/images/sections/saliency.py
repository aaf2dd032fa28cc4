"""The section Heat maps: which part of an image an answer rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from switchyard.evaluation.section import Measurement, Section

if TYPE_CHECKING:
    from switchyard.evaluation.images.context import ImageContext


class Saliency(Section["ImageContext", "ImageGates"]):
    """Occlusion maps of a few images."""

    key, title, position = "saliency", "Heat maps", 90
    template = Path(__file__).with_suffix(".html")
    kinds: ClassVar[frozenset[str] | None] = frozenset({"images"})

    def measure(self, context: ImageContext) -> Measurement:
        """See `switchyard.evaluation.images.heat_maps`."""
        from switchyard.evaluation.images.heat_maps import saliency

        return Measurement(saliency(context.subject, context.predictions, context.test))


SECTION = Saliency()
