"""How two models are held against each other, whatever they take: the test, the sentence, the verdict.

`tables.comparison` and `images.comparison` run the models; what they find is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from switchyard.config.sections import Champion
from switchyard.evaluation.scoring import positive_of
from switchyard.statistics import labels
from switchyard.statistics import metrics as definitions
from switchyard.statistics.delong import delong
from switchyard.statistics.difference import Difference
from switchyard.statistics.mcnemar import mcnemar
from switchyard.statistics.metrics import LOWER_IS_BETTER, Floats, Integers, Sample
from switchyard.statistics.paired_bootstrap import paired_bootstrap

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.training_rows import TrainingRows
    from switchyard.model.onnx_model import OnnxModel

_NO_CLASS = -2  # a label that the challenger does not know; not UNSEEN, which would make it right on unseen rows


Names = tuple[str, str]
Verdict = Literal["promote", "keep champion", "too close to call"]

RESAMPLES = 2_000
UNSURE: Verdict = "too close to call"
ROLES: Names = ("the champion", "the challenger")


@dataclass(frozen=True)
class Comparison:
    """Whether the challenger is better, and how that was found out.

    Attributes:
        verdict: What the test says; the config says what follows from "too close to call".
        reason: One clause with the figures, or why there are none.
        metric: What was compared.
        test: `delong`, `bootstrap` or `mcnemar`.
        alpha: The error rate that was asked for.
        difference: None if nothing could be compared.
        rows: Test rows that both models answered.
        left_out: Test rows that the champion was trained on.
        notes: What a reader must know about the figures.
        unit: What a row is, for sentences.
    """

    verdict: Verdict
    reason: str
    metric: str
    test: str
    alpha: float
    difference: Difference | None = None
    rows: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = field(default=())
    unit: str = "row"

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        figures = asdict(self.difference) | {"effect": self.difference.effect} if self.difference else {}
        return {**asdict(self), "difference": figures, "notes": list(self.notes)}

    def sentence(self) -> str:
        """The reason, and what has to be said beside it."""
        return "; ".join([self.reason, *self.notes])


@dataclass(frozen=True)
class Plan:
    """What is compared, and by which test."""

    metric: str
    test: str
    settings: Champion
    seed: int
    names: Names
    unit: str = "row"

    @property
    def confidence(self) -> float:
        """Of the interval that belongs to the test."""
        return 1 - self.settings.alpha

    def outcome(self, verdict: Verdict, reason: str, **more: Any) -> Comparison:  # noqa: ANN401 - fields of Comparison
        """What this plan has come to."""
        return Comparison(verdict, reason, self.metric, self.test, self.settings.alpha, unit=self.unit, **more)


def decided(
    plan: Plan, rows: int, left_out: int, notes: tuple[str, ...], find: Callable[[], Difference | str]
) -> Comparison:
    """The verdict, with what has to be said beside it.

    Args:
        plan: What is compared.
        rows: Test rows that both models can be asked about.
        left_out: Those that the champion was trained on.
        notes: What a reader must know so far.
        find: The test's result, or why there is none; not called for fewer rows than the config asks for.
    """
    if rows < plan.settings.min_rows:
        return plan.outcome(UNSURE, _too_few(rows, left_out, plan), rows=rows, left_out=left_out, notes=notes)
    if left_out:
        notes = (*notes, f"{left_out:,} test {plan.unit}s left out that {plan.names[0]} was trained on")
    found = find()
    if isinstance(found, str):
        verdict, reason, difference = UNSURE, f"{plan.names[0]} cannot be compared: {found}", None
    else:
        verdict, reason, difference = judge(found, plan.metric, plan.settings.alpha), _reason(found, plan, rows), found
    return plan.outcome(verdict, reason, difference=difference, rows=rows, left_out=left_out, notes=notes)


def judge(difference: Difference, metric: str, alpha: float) -> Verdict:
    """What the test says: equally good models are told apart, either way, in `alpha` of all cases."""
    if difference.p >= alpha or not difference.effect:
        return UNSURE
    return "promote" if (difference.effect > 0) != (metric in LOWER_IS_BETTER) else "keep champion"


def plan_of(primary: str, is_binary: bool, settings: Champion, seed: int, names: Names, unit: str = "row") -> Plan:
    """Each metric by the test that was made for it; what has none of its own by the bootstrap."""
    metric, test = primary, "bootstrap"
    if settings.test == "mcnemar" or (settings.test == "auto" and primary == "accuracy"):
        metric, test = "accuracy", "mcnemar"
    elif settings.test == "delong" or (settings.test == "auto" and primary == "roc_auc"):
        metric, test = "roc_auc", "delong" if is_binary else "bootstrap"
    return Plan(metric, test, settings, seed, names, unit)


def incomparable(why: str, challenger: OnnxModel, primary: str, settings: Champion) -> Comparison:
    """What `compare` says of a champion whose file is not there to be asked."""
    is_binary = len(challenger.metadata.get("classes") or ()) == 2
    return plan_of(primary, is_binary, settings, 0, ROLES).outcome(UNSURE, f"the champion cannot be compared: {why}")


def bootstrapped(champion: Sample, challenger: Sample, plan: Plan) -> Difference | str:
    """The paired bootstrap of the plan's metric; or why it has no value."""
    found = paired_bootstrap(
        champion,
        challenger,
        plan.metric,
        resamples=max(RESAMPLES, round(20 / plan.settings.alpha)),
        confidence=plan.confidence,
        seed=plan.seed,
    )
    return found or f"{plan.metric} has no value on these {len(champion.sums):,} {plan.unit}s"


def not_finite(champion: Floats, challenger: Floats, plan: Plan) -> str:
    """A model that answers NaN has no metric."""
    for name, answers in zip(plan.names, (champion, challenger), strict=True):
        if not np.isfinite(answers).all():
            return f"{name} answers NaN or infinity for some {plan.unit}s"
    return ""


def _too_few(rows: int, left_out: int, plan: Plan) -> str:
    left = f"{rows:,} test {plan.unit}{'s' if rows != 1 else ''}"
    why = f" after {left_out:,} that {plan.names[0]} was trained on were left out" if left_out else ""
    asked = f"champion.min_rows is {plan.settings.min_rows}"
    return f"too few {plan.unit}s to compare with {plan.names[0]}: {left}{why}, {asked}"


def _reason(found: Difference, plan: Plan, rows: int) -> str:
    """`roc_auc 0.861 against the champion's 0.842 on 262 test rows: +0.019 (95 % 0.003 to 0.035), DeLong p = 0.018`."""
    names = {"delong": "DeLong", "mcnemar": "McNemar", "bootstrap": "paired bootstrap"}
    values = f"{plan.metric} {_figure(found.challenger)} against {plan.names[0]}'s {_figure(found.champion)}"
    interval = f"{plan.confidence * 100:g} % {_figure(found.low)} to {_figure(found.high)}"
    p = f"p = {found.p:.2g}" if found.p >= 0.0001 else "p < 0.0001"
    sign = "+" if found.effect >= 0 else ""
    return f"{values} on {rows:,} test {plan.unit}s: {sign}{_figure(found.effect)} ({interval}), {names[plan.test]} {p}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}" if abs(value) >= 1 else f"{value:.4f}"


def unseen(
    test: pl.LazyFrame, seen: TrainingRows | None, name: str, unit: str = "row"
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which rows a model has not learned, as far as that can be told.

    Args:
        test: The rows.
        seen: What it was trained on; None if that was never recorded.
        name: What the notes call the model.
        unit: What they call a row.

    Returns:
        A mask of shape (rows,), and what has to be said about it.
    """
    import polars as pl

    everything = np.ones(int(test.select(pl.len()).collect().item()), bool)
    if seen is None:
        return everything, (f"which {unit}s {name} was trained on is not on record, so none is left out",)
    if missing := seen.missing(test):
        gone = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} no longer there"
        return everything, (f"{unit}s that {name} was trained on cannot be recognised, since {gone}",)
    return ~seen.contains(test), ()


def difference_of_classes(
    metadata: tuple[dict[str, Any], dict[str, Any]],
    outputs: tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]],
    target: pl.Series,
    plan: Plan,
) -> Difference | str:
    """Of two classifiers that answered the same rows; or why there is none.

    Args:
        metadata: The champion's and the challenger's.
        outputs: Of their graphs, `label` and `probabilities`.
        target: Of the same rows, without a null.
        plan: The metric and the test.
    """
    classes, positive = metadata[1]["classes"], positive_of(metadata[1])
    truth, _ = labels.encode(target, classes)
    (old, old_labels), (new, new_labels) = (
        _answer(metadata, said, classes) for metadata, said in zip(metadata, outputs, strict=True)
    )
    if reason := not_finite(old, new, plan):
        return reason
    if plan.test == "mcnemar":
        return mcnemar(old_labels == truth, new_labels == truth, plan.confidence)
    if plan.test == "delong" and positive is not None:
        is_positive = truth == positive
        if min(is_positive.sum(), (~is_positive).sum()) < 2:
            return f"of the {len(truth):,} {plan.unit}s fewer than two are of one class"
        return delong(is_positive, old[:, positive], new[:, positive], plan.confidence)
    both = (old, old_labels), (new, new_labels)
    champion, challenger = (definitions.classification(truth, *each, positive) for each in both)
    return bootstrapped(champion, challenger, plan)


def _answer(metadata: dict[str, Any], outputs: Mapping[str, np.ndarray], classes: list[Any]) -> tuple[Floats, Integers]:
    """Probabilities of, and positions in, the challenger's classes, whatever classes the model itself has."""
    own = metadata["classes"]
    places = labels.positions(classes, own)
    given = outputs["probabilities"].astype(float)
    none = np.zeros(len(given))
    columns = [none if places[each] == labels.UNSEEN else given[:, places[each]] for each in classes]
    if not np.isfinite(given).all():
        columns = [np.full(len(given), np.nan)] * len(classes)
    distinct, which = np.unique(outputs["label"].reshape(-1), return_inverse=True)
    known = labels.positions(distinct.tolist(), classes)
    table = [_NO_CLASS if known[each] == labels.UNSEEN else known[each] for each in distinct.tolist()]
    return np.column_stack(columns), np.array(table)[which]
