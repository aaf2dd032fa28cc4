"""The section Images: test images that a reader should look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from switchyard.evaluation.section import Measurement, Section

if TYPE_CHECKING:
    import polars as pl

    from switchyard.evaluation.images.context import ImageContext


class Samples(Section["ImageContext", "ImageGates"]):
    """The largest confusions, confidently wrong, unknown and uncertain ones."""

    key, title, position = "samples", "Images", 80
    template = Path(__file__).with_suffix(".html")
    kinds: ClassVar[frozenset[str] | None] = frozenset({"images"})

    def measure(self, context: ImageContext) -> Measurement:
        """See `switchyard.evaluation.images.samples`."""
        from switchyard.evaluation.images.samples import samples
        from switchyard.model.image_inference import shape_of

        channels: Any = shape_of(context.model)[2]
        return Measurement(samples(context.predictions, context.test, channels, _gallery_images(context)))


def _gallery_images(context: ImageContext) -> pl.LazyFrame | None:
    """The table whose rows are those of the gallery, if it is the training images."""
    import numpy as np

    gallery = context.subject.gallery
    if gallery is None:
        return None
    labels = np.array(context.train.select("label").collect()["label"].to_list(), dtype=object)
    return context.train if np.array_equal(labels, gallery.labels) else None


SECTION = Samples()
