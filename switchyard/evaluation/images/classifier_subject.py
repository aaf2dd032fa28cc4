"""The answers of a classifier of images: scored as those of any classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.evaluation import scoring
from switchyard.evaluation.images.saliency import Score, class_score
from switchyard.evaluation.images.subject import Predictions

if TYPE_CHECKING:
    from switchyard.config.sections import Metrics
    from switchyard.evaluation.scoring import Answers, Scored
    from switchyard.model.image_inference import Inference
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.statistics.metrics import Sample


@dataclass(frozen=True)
class ClassifierSubject:
    """See `Subject`."""

    model: OnnxModel

    def score(self, inference: Inference, metrics: Metrics, seed: int) -> Scored:
        """See `Subject.score`; images of a class that the model never saw count as wrong."""
        return scoring.score(self.answers(inference), metrics, seed)

    def sample(self, inference: Inference, metric: str) -> Sample | None:
        """See `Subject.sample`."""
        answers = self.answers(inference)
        return scoring.sample_of(answers) if answers.finite else None

    def predictions(self, inference: Inference) -> Predictions:
        """See `Subject.predictions`: the probability of the answer, and how far it is above the next."""
        probabilities = inference.outputs["probabilities"].astype(float)
        said = inference.outputs["label"].reshape(-1).astype(object)
        ranked = np.sort(probabilities, axis=1)
        everything = np.ones(len(inference), bool)
        return Predictions(inference.labels, said, ranked[:, -1], ranked[:, -1] - ranked[:, -2], everything)

    @property
    def classes(self) -> Sequence[str]:
        """See `Subject.classes`."""
        known: list[str] = self.model.metadata["classes"]
        return known

    @property
    def gallery(self) -> None:
        """A classifier has none."""

    def retrieval(self, inference: Inference, metrics: Metrics, seed: int) -> None:
        """A classifier has no such section."""

    def reason(self, predictions: Predictions, row: int) -> Score:
        """The probability of the answer."""
        return class_score(self.model, str(predictions.said[row]))

    def answers(self, inference: Inference) -> Answers:
        """See `Subject.answers`."""
        import polars as pl

        labels = pl.Series(inference.labels.tolist(), dtype=pl.String)
        return scoring.read(self.model.metadata, dict(inference.outputs), labels, "image")
