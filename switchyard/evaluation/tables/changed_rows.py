"""One model's primary metric on test rows whose cells were changed, held against the same rows as they are.

Permutation importances and robustness ask the same question: how much worse does the metric get? Rows are changed as
arrays of the graph's own inputs, so that a change costs one more run of the session and no table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Data, Task
from switchyard.evaluation.scoring import positive_of
from switchyard.statistics import labels
from switchyard.statistics import metrics as definitions
from switchyard.statistics.bootstrap import QUICK, resampled
from switchyard.statistics.metrics import Floats, Sample

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

Feed = Mapping[str, np.ndarray]
Measured = tuple[float, Floats]
"""A metric on the rows, and on each resample of them: shape (resamples,)."""

_SLICE_ROWS = 20_000


@dataclass(frozen=True)
class ChangedRows:
    """The rows, and what their answers are measured against.

    Attributes:
        model: The ONNX file that answers.
        frame: The rows as they are, without a null in the target.
        data: Names the target.
        task: What the model does.
        metric: The one that is measured.
    """

    model: OnnxModel
    frame: pl.DataFrame
    data: Data
    task: Task
    metric: str

    def drawn(self, rows: int, seed: int) -> ChangedRows:
        """At most so many of the rows, drawn at random, in the order of the table."""
        if self.frame.height <= rows:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(self.frame.height, rows, replace=False))
        return replace(self, frame=self.frame[chosen])

    @cached_property
    def feed(self) -> dict[str, np.ndarray]:
        """The rows as they are: an array of shape (rows, 1) by input."""
        return self.model.inputs(self.frame)

    @cached_property
    def _truth(self) -> np.ndarray:
        target = self.frame[self.data.target]
        if self.task == "regression":
            return target.to_numpy().astype(float)
        return labels.encode(target, self.model.metadata["classes"])[0]

    def sample(self, changed: Feed) -> Sample | None:
        """What the metric needs to know of the answers; None if one of them is not finite.

        Args:
            changed: Inputs that differ from `feed`, by name.
        """
        outputs = self._outputs({**self.feed, **changed})
        if self.task == "regression":
            predicted = outputs["prediction"].reshape(-1).astype(float)
            finite = np.isfinite(predicted).all() and np.isfinite(self._truth).all()
            return definitions.regression(self._truth, predicted) if finite else None
        probabilities = outputs["probabilities"].astype(float)
        if not np.isfinite(probabilities).all():
            return None
        predicted, positive = self._predicted(outputs["label"]), positive_of(self.model.metadata)
        return _only(definitions.classification(self._truth, probabilities, predicted, positive), self.metric)

    def measured(self, sample: Sample, resamples: int, seed: int) -> Measured:
        """The metric on the rows, and on each resample of them: the same resamples for the same seed."""
        if not resamples:
            return value_of(sample, self.metric), np.empty(0)
        values, draws = resampled(sample, resamples, seed, QUICK)
        return values[self.metric], draws[self.metric]

    def losses(self, before: Measured, after: Measured) -> Measured:
        """How much worse the metric is after the change: on the rows, and on each resample of them.

        Args:
            before: Of the rows as they are.
            after: Of the changed ones, on the same resamples: rows that are hard either way make no difference.
        """
        sign = 1.0 if self.metric in definitions.LOWER_IS_BETTER else -1.0
        return sign * (after[0] - before[0]), sign * (after[1] - before[1])

    def _predicted(self, answers: np.ndarray) -> np.ndarray:
        """The graph's own labels as positions among its classes."""
        distinct, which = np.unique(answers.reshape(-1), return_inverse=True)
        table = labels.positions(distinct.tolist(), self.model.metadata["classes"])
        return np.array([table[value] for value in distinct.tolist()])[which]

    def _outputs(self, feed: Feed) -> dict[str, np.ndarray]:
        session = self.model.session
        names = [output.name for output in session.get_outputs()]
        parts = [
            session.run(names, {name: values[start : start + _SLICE_ROWS] for name, values in feed.items()})
            for start in range(0, self.frame.height, _SLICE_ROWS)
        ]
        return {name: np.concatenate(each) for name, each in zip(names, zip(*parts, strict=True), strict=True)}


def value_of(sample: Sample, metric: str) -> float:
    """The metric on the rows, without an interval; NaN if it has no value there."""
    return resampled(sample, 1, 0)[0][metric]


def _only(sample: Sample, metric: str) -> Sample:
    """Without rankings, if the metric needs none: sorting is what costs."""
    if metric in definitions.RANKED:
        return sample
    nothing = (np.zeros((1, 1)), np.zeros((1, 1)))
    count = len(sample.rankings)
    return Sample(sample.sums, (), lambda sums, _: sample.finish(sums, [nothing] * count))
