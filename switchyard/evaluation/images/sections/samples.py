"""The section Images: test images that a reader should look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.image_section import ImageSection
from switchyard.evaluation.section import Measurement

if TYPE_CHECKING:
    import polars as pl


class Samples(ImageSection):
    """The largest confusions, confidently wrong, unknown and uncertain ones."""

    key, title, position = "samples", "Images", 80
    template = Path(__file__).with_suffix(".html")

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
