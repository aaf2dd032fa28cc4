"""The answers of a retrieval: the nearest images of its gallery, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from switchyard.config.task_metrics import RETRIEVAL_METRICS
from switchyard.evaluation import curves
from switchyard.evaluation.images.retrieval_sample import retrieval_sample
from switchyard.evaluation.images.saliency import Score, likeness_score
from switchyard.evaluation.images.subject import Predictions
from switchyard.evaluation.scoring import Scored
from switchyard.model.gallery import UNKNOWN_LABEL, Gallery
from switchyard.model.gallery_of import gallery_of
from switchyard.model.image_inference import Inference
from switchyard.statistics import retrieval
from switchyard.statistics.bootstrap import Figure

if TYPE_CHECKING:
    from switchyard.config.sections import Metrics
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.statistics.metrics import Sample

MAP_IMAGES = 800
"""More dots than that only make the page larger."""


@dataclass(frozen=True)
class RetrievalSubject:
    """See `Subject`.

    Attributes:
        model: The encoder, with its gallery in the graph or in an index beside it.
        gallery: Among what it searches.
    """

    model: OnnxModel
    gallery: Gallery

    @classmethod
    def of(cls, model: OnnxModel) -> Self:
        """With the gallery of the model.

        Raises:
            InputError: There is none.
        """
        return cls(model, gallery_of(model))

    def score(self, inference: Inference, metrics: Metrics, seed: int) -> Scored:
        """See `Subject.score`; images of classes that the gallery has not are left to `open_set`."""
        predictions, classes = self.predictions(inference), list(self.gallery.classes)
        places = {label: number for number, label in enumerate(classes)}
        truth = np.array([places[label] for label in predictions.truth[predictions.counted]], dtype=np.int64)
        said = np.array([places[label] for label in predictions.said[predictions.counted]], dtype=np.int64)
        strange = int((~predictions.counted).sum())
        notes = (
            f"{strange:,} images are of classes that the gallery does not have, and count in the open set only",
        ) * bool(strange)
        described = {
            "classes": classes,
            "positive": None,
            "class_counts": np.bincount(truth, minlength=len(classes)).tolist(),
            "unseen_labels": {},
        }
        drawings = {"confusion": curves.confusion(truth, said, len(classes))}
        if not self._finite(inference):
            nothing: Figure = {"value": None, "low": None, "high": None, "n": len(truth)}
            why = "the model answers NaN or infinity for some images"
            return Scored(
                dict.fromkeys(RETRIEVAL_METRICS, nothing),
                drawings,
                described,
                dict.fromkeys(RETRIEVAL_METRICS, why),
                (*notes, why),
            )
        settings = {"resamples": metrics.bootstrap, "confidence": metrics.confidence, "seed": seed}
        queries = self._queries(inference)
        found = retrieval.ranking(queries, self.gallery, **settings)  # type: ignore[arg-type]
        found["eer"] = self._verified(inference, metrics, seed)["eer"]
        return Scored({name: found[name] for name in RETRIEVAL_METRICS}, drawings, described, {}, notes)

    def sample(self, inference: Inference, metric: str) -> Sample | None:
        """See `Subject.sample`."""
        return retrieval_sample(self._queries(inference), self.gallery, metric) if self._finite(inference) else None

    def predictions(self, inference: Inference) -> Predictions:
        """See `Subject.predictions`: class and cosine of the nearest image, and the lead over the next class."""
        nearest, cosine, margin = retrieval.nearest(inference.outputs["embedding"], self.gallery)
        counted = np.isin(inference.labels, list(self.gallery.classes))
        return Predictions(inference.labels, self.gallery.labels[nearest], cosine, margin, counted, nearest)

    @property
    def classes(self) -> Sequence[str]:
        """See `Subject.classes`."""
        return self.gallery.classes

    def answers(self, inference: Inference) -> None:
        """A retrieval answers with neighbours, without probabilities."""

    def retrieval(self, inference: Inference, metrics: Metrics, seed: int) -> dict[str, Any]:
        """The section `retrieval` of the report."""
        verified = self._verified(inference, metrics, seed)
        shown = Gallery(inference.outputs["embedding"], inference.labels)
        found: dict[str, Any] = {
            "gallery": {"images": len(self.gallery), "classes": len(self.gallery.classes)},
            "search_recall": self._search_recall(inference),
            "verification": {key: verified[key] for key in ("threshold", "pairs", "histogram")},
            "open_set": self._open_set(inference, metrics, seed),
        }
        if len(shown) >= 5:
            found["embedding_map"] = retrieval.embedding_map(shown, seed=seed, at_most=MAP_IMAGES)
        return found

    def reason(self, predictions: Predictions, row: int) -> Score:
        """The cosine to the nearest image."""
        assert predictions.nearest is not None
        return likeness_score(self.model, self.gallery.embeddings[predictions.nearest[row]])

    @cached_property
    def _about(self) -> dict[str, Any]:
        return {key: self.model.metadata["gallery"][key] for key in ("neighbours", "vote", "threshold")}

    def _answered(self, inference: Inference) -> dict[str, np.ndarray]:
        """What the endpoint says: of the graph, or of the index beside it."""
        if self.model.index is None:
            return dict(inference.outputs)
        return self.model.index.answer(inference.outputs["embedding"], **self._about)

    def _open_set(self, inference: Inference, metrics: Metrics, seed: int) -> dict[str, Any]:
        answered = self._answered(inference)
        refused = answered["label"] == UNKNOWN_LABEL
        said = np.where(refused, answered["neighbour_labels"][:, 0], answered["label"])
        threshold = float(self._about["threshold"])
        known = self.gallery.classes
        settings = {"resamples": metrics.bootstrap, "confidence": metrics.confidence, "seed": seed}
        return retrieval.open_set(
            retrieval.Answered(answered["similarity"][:, 0], inference.labels, said),
            known,
            threshold=threshold,
            **settings,  # type: ignore[arg-type]
        )

    def _search_recall(self, inference: Inference) -> float:
        """The share of the true nearest neighbours among those that are answered."""
        answered = self._answered(inference)
        return retrieval.search_recall(inference.outputs["embedding"], self.gallery, answered["neighbours"])

    def _queries(self, inference: Inference) -> Gallery:
        known = inference.where(np.isin(inference.labels, list(self.gallery.classes)))
        return Gallery(known.outputs["embedding"], known.labels)

    def _verified(self, inference: Inference, metrics: Metrics, seed: int) -> dict[str, Any]:
        resamples = min(metrics.bootstrap, 200)  # each costs a pass over the histograms
        settings = {"resamples": resamples, "confidence": metrics.confidence, "seed": seed}
        return retrieval.verification(self._queries(inference), self.gallery, **settings)  # type: ignore[arg-type]

    def _finite(self, inference: Inference) -> bool:
        return bool(np.isfinite(inference.outputs["embedding"]).all())
