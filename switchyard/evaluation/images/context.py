"""What the sections of an image report measure: the best candidate on the test images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageReporting
    from switchyard.config.sections import Costs, Metrics
    from switchyard.evaluation.images.subject import Predictions, Subject
    from switchyard.evaluation.scoring import Answers
    from switchyard.model.image_inference import Inference
    from switchyard.model.onnx_model import OnnxModel


@dataclass(frozen=True)
class ImageContext:
    """What a section measures; see `Context`.

    Attributes:
        subject: The model, with whatever it takes to read its answers.
        inference: Its outputs for the test images.
        test: An ingested table of images, row by row those of `inference`.
        train: What the candidates were trained on; thumbnails of a gallery come from there.
        metrics: The primary metric, resamples and confidence of the intervals.
        reporting: The config's section `evaluation`.
        seed: Seed for everything random.
    """

    subject: Subject
    inference: Inference
    test: pl.LazyFrame
    train: pl.LazyFrame
    metrics: Metrics
    reporting: ImageReporting
    seed: int

    @property
    def model(self) -> OnnxModel:
        """The ONNX file and its metadata."""
        return self.subject.model

    @cached_property
    def answers(self) -> Answers | None:
        """The answers of a classifier; None of a retrieval."""
        return self.subject.answers(self.inference)

    @cached_property
    def predictions(self) -> Predictions:
        """The answers one by one."""
        return self.subject.predictions(self.inference)

    @property
    def costs(self) -> Costs:
        """See `Context.costs`."""
        return self.reporting.costs
