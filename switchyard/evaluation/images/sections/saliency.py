"""The section Heat maps: which part of an image an answer rests on."""

from __future__ import annotations

from pathlib import Path

from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.image_section import ImageSection
from switchyard.evaluation.section import Measurement


class Saliency(ImageSection):
    """Occlusion maps of a few images."""

    key, title, position = "saliency", "Heat maps", 90
    template = Path(__file__).with_suffix(".html")

    def measure(self, context: ImageContext) -> Measurement:
        """See `switchyard.evaluation.images.heat_maps`."""
        from switchyard.evaluation.images.heat_maps import saliency

        return Measurement(saliency(context.subject, context.predictions, context.test))


SECTION = Saliency()
