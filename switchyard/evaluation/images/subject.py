"""What the evaluation of images asks of a kind of model: one class for each task, chosen by `subject_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from switchyard.config.sections import Metrics
    from switchyard.evaluation.images.saliency import Score
    from switchyard.evaluation.scoring import Answers, Scored
    from switchyard.model.gallery import Gallery
    from switchyard.model.image_inference import Inference
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.statistics.metrics import Sample


@dataclass(frozen=True)
class Predictions:
    """Each answer as a person would tell it; all arrays have the shape (images,).

    Attributes:
        truth: The true classes.
        said: The classes that were answered, before anything is refused.
        score: How sure the model is: the probability, or the cosine to the nearest image.
        margin: By how much the answer is ahead of the next class; small ones are uncertain.
        counted: Whether the metrics rest on the image; none of a class that the model cannot name does in a retrieval.
        nearest: Rows of the gallery; None for a classifier.
    """

    truth: np.ndarray = field(repr=False)
    said: np.ndarray = field(repr=False)
    score: np.ndarray = field(repr=False)
    margin: np.ndarray = field(repr=False)
    counted: np.ndarray = field(repr=False)
    nearest: np.ndarray | None = field(default=None, repr=False)

    @property
    def wrong(self) -> np.ndarray:
        """Which images the metrics count as wrong."""
        return np.asarray(self.counted & (self.said != self.truth))


class Subject(Protocol):
    """A model with whatever it takes to read its answers."""

    @property
    def model(self) -> OnnxModel:
        """The ONNX file and its metadata."""

    def score(self, inference: Inference, metrics: Metrics, seed: int) -> Scored:
        """The metrics with their intervals, and what is drawn of them."""

    def sample(self, inference: Inference, metric: str) -> Sample | None:
        """What one metric needs of each image that counts; None if some answer is not finite."""

    def predictions(self, inference: Inference) -> Predictions:
        """The answers one by one."""

    @property
    def classes(self) -> Sequence[str]:
        """The classes that the model knows."""

    @property
    def gallery(self) -> Gallery | None:
        """What a retrieval searches; None of a classifier."""

    def answers(self, inference: Inference) -> Answers | None:
        """The answers as those of any classifier; None of a retrieval."""

    def retrieval(self, inference: Inference, metrics: Metrics, seed: int) -> dict[str, Any] | None:
        """The section `retrieval` of the report; None of a classifier."""

    def reason(self, predictions: Predictions, row: int) -> Score:
        """What a heat map of the answer to one image is about."""
