"""One model on one set of rows: predictions, metrics with intervals, and what a report draws of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from switchyard.config.sections import Metrics, Task
from switchyard.config.task_metrics import metrics_of
from switchyard.errors import SwitchyardError
from switchyard.evaluation import curves
from switchyard.statistics import labels
from switchyard.statistics import metrics as definitions
from switchyard.statistics.bootstrap import Estimate, Figure, estimate
from switchyard.statistics.metrics import Floats, Integers, Sample

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

_SLICE_ROWS = 20_000
_CURVES = 10  # one against the rest for so many classes, no more: nobody reads the eleventh line


@dataclass(frozen=True)
class Answers:
    """What a model said of some rows, asked once; everything that is measured rests on it.

    Attributes:
        truth: The true class as a position in `classes` (-1 if the model never saw it), or the true value; (rows,).
        predicted: The class that the graph answered as a position in `classes`, or its value; (rows,).
        probabilities: Shape (rows, classes); of a regression (rows, 0).
        classes: The model's own; none of a regression.
        positive: Which of two classes is the positive one; None otherwise.
        unseen: How many rows carry each label that the model never saw.
        unit: What a row is, for sentences.
    """

    truth: NDArray[Any]
    predicted: NDArray[Any]
    probabilities: Floats
    classes: tuple[Any, ...] = ()
    positive: int | None = None
    unseen: dict[str, int] = field(default_factory=dict)
    unit: str = "row"

    @property
    def finite(self) -> bool:
        """Whether every row has an error that is a number."""
        return bool(all(np.isfinite(each).all() for each in (self.truth, self.predicted, self.probabilities)))


@dataclass(frozen=True)
class Scored:
    """What a model did on some rows.

    Attributes:
        metrics: `{"value", "low", "high", "n"}` by metric, None where it has no value.
        drawings: Curves and tables, by name.
        data: What the rows are like: classes and their counts, or the target's range.
        undefined: Why a metric has no value, by metric.
        notes: What a reader must know about the figures.
    """

    metrics: dict[str, Figure]
    drawings: dict[str, Any]
    data: dict[str, Any]
    undefined: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def score(answers: Answers, metrics: Metrics, seed: int) -> Scored:
    """Measures the answers."""
    return _classification(answers, metrics, seed) if answers.classes else _regression(answers, metrics, seed)


def ask(model: OnnxModel, frame: pl.DataFrame, target: str) -> Answers:
    """Runs the model on all rows of `frame`, which has no null in the target."""
    return read(model.metadata, outputs_of(model, frame), frame[target])


def read(metadata: dict[str, Any], outputs: dict[str, np.ndarray], target: pl.Series, unit: str = "row") -> Answers:
    """What a model's outputs say of rows.

    Args:
        metadata: The model's.
        outputs: Of all rows, by name.
        target: Of the same rows, without a null.
        unit: What a row is, for sentences.
    """
    if "prediction" in outputs:
        predicted = outputs["prediction"].reshape(-1).astype(float)
        return Answers(target.to_numpy().astype(float), predicted, np.empty((len(target), 0)))
    classes = metadata["classes"]
    truth, unseen = labels.encode(target, classes)
    predicted = _predicted(outputs["label"], classes, metadata["candidate"])
    probabilities = outputs["probabilities"].astype(float)
    return Answers(truth, predicted, probabilities, tuple(classes), positive_of(metadata), unseen, unit)


def outputs_of(model: OnnxModel, frame: pl.DataFrame) -> dict[str, np.ndarray]:
    """All outputs of the graph, slice by slice: text columns become Python objects, and those are large."""
    parts = [model.run(rows) for rows in frame.iter_slices(_SLICE_ROWS)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _classification(answers: Answers, metrics: Metrics, seed: int) -> Scored:
    classes, truth, positive = answers.classes, answers.truth, answers.positive
    counts = np.bincount(truth[truth >= 0], minlength=len(classes))
    described = {
        "classes": [str(label) for label in classes],
        "positive": None if positive is None else str(classes[positive]),
        "class_counts": [int(count) for count in counts],
        "unseen_labels": answers.unseen,
    }
    strange = f"{answers.unit}s of class {{!r}}, which the model never saw, count as wrong"
    notes = tuple(f"{rows} {strange.format(label)}" for label, rows in answers.unseen.items())
    matrix = curves.confusion(truth, answers.predicted, len(classes))
    if not answers.finite:
        why = f"the model answers NaN or infinity for some {answers.unit}s"
        return _nothing("classification", len(truth), {"confusion": matrix}, described, notes, why)
    sample = sample_of(answers)
    estimates = estimate(sample, resamples=metrics.bootstrap, confidence=metrics.confidence, seed=seed)
    drawn = range(len(classes))[:_CURVES] if positive is None else (positive,)
    drawings = {
        "confusion": matrix,
        "roc": {str(classes[k]): curves.roc_curve(answers.probabilities[:, k], truth == k) for k in drawn},
        "pr": {str(classes[k]): curves.pr_curve(answers.probabilities[:, k], truth == k) for k in drawn},
    }
    why = _which_class_is_missing(described, answers.unit)
    return Scored(_as_dicts(estimates), drawings, described, _undefined(estimates, why), notes)


def sample_of(answers: Answers) -> Sample:
    """The answers as what the metrics need to know of each row."""
    if not answers.classes:
        return definitions.regression(answers.truth, answers.predicted)
    return definitions.classification(answers.truth, answers.probabilities, answers.predicted, answers.positive)


def _regression(answers: Answers, metrics: Metrics, seed: int) -> Scored:
    truth, predicted = answers.truth, answers.predicted
    if not np.isfinite(truth).all():
        return _nothing("regression", len(truth), {}, {}, (), why="the target is infinite in some rows")
    low, median, high = np.quantile(truth, [0, 0.5, 1]).tolist()
    described = {"target_range": {"min": low, "median": median, "mean": float(truth.mean()), "max": high}}
    if not answers.finite:
        return _nothing("regression", len(truth), {}, described, ())
    estimates = estimate(sample_of(answers), resamples=metrics.bootstrap, confidence=metrics.confidence, seed=seed)
    drawings = {"residuals": curves.residuals(truth, predicted, seed)}
    why = "the target is the same in all rows"
    return Scored(_as_dicts(estimates), drawings, described, _undefined(estimates, why))


def _predicted(answers: np.ndarray, classes: list[Any], candidate: str) -> Integers:
    """The graph's own labels as positions: those are what an endpoint answers, not an argmax of ours."""
    distinct, which = np.unique(answers.reshape(-1), return_inverse=True)
    table = labels.positions(distinct.tolist(), classes)
    strangers = [value for value, position in table.items() if position == labels.UNSEEN]
    if strangers:
        raise SwitchyardError(f"candidate {candidate} answers {strangers[0]!r}, which is no class on its metadata")
    return np.array([table[value] for value in distinct.tolist()])[which]


def positive_of(metadata: dict[str, Any]) -> int | None:
    """The position of the positive class if there are two: the one in the metadata, otherwise the second."""
    return labels.positive_position(metadata["classes"], metadata.get("positive"))


def _which_class_is_missing(described: dict[str, Any], unit: str) -> str:
    pairs = zip(described["classes"], described["class_counts"], strict=True)
    missing = [label for label, count in pairs if not count]
    return f"no {unit} is of class {missing[0]}" if missing else f"all {unit}s are of one class"


def _undefined(estimates: dict[str, Estimate], why: str) -> dict[str, str]:
    return {name: why for name, each in estimates.items() if each.value is None}


def _as_dicts(estimates: dict[str, Estimate]) -> dict[str, Figure]:
    return {name: each.as_dict() for name, each in estimates.items()}


def _nothing(
    task: Task,
    rows: int,
    drawings: dict[str, Any],
    described: dict[str, Any],
    notes: tuple[str, ...],
    why: str = "the model answers NaN or infinity for some rows",
) -> Scored:
    """Where one row has no finite error, no metric has a value."""
    names = metrics_of(task)
    nothing = Estimate(None, n=rows).as_dict()
    return Scored(dict.fromkeys(names, nothing), drawings, described, dict.fromkeys(names, why), (*notes, why))
