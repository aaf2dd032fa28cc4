"""Champion against challenger: both ONNX files answer the same rows, a paired test says whether they differ.

The promote step asks `compare` after all gates have passed. Each model reads the raw columns that it wants; rows that
the champion was trained on are left out. What cannot be compared is _UNSURE, with the reason: the config
says what follows from that.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from switchyard.config import Champion, Data, Task
from switchyard.evaluation import labels
from switchyard.evaluation import metrics as definitions
from switchyard.evaluation.delong import delong
from switchyard.evaluation.difference import Difference
from switchyard.evaluation.mcnemar import mcnemar
from switchyard.evaluation.metrics import LOWER_IS_BETTER, Floats, Integers, Sample
from switchyard.evaluation.paired_bootstrap import paired_bootstrap
from switchyard.evaluation.scoring import outputs_of, positive_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.data.seen_rows import SeenRows
    from switchyard.models.onnx_model import OnnxModel

Names = tuple[str, str]
Verdict = Literal["promote", "keep champion", "too close to call"]

RESAMPLES = 2_000
_UNSURE: Verdict = "too close to call"
ROLES: Names = ("the champion", "the challenger")
_NO_CLASS = -2  # a label that the challenger does not know; not UNSEEN, which would make it right on unseen rows


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

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        figures = asdict(self.difference) | {"effect": self.difference.effect} if self.difference else {}
        return {**asdict(self), "difference": figures, "notes": list(self.notes)}

    def sentence(self) -> str:
        """The reason, and what has to be said beside it."""
        return "; ".join([self.reason, *self.notes])


@dataclass(frozen=True)
class _Plan:
    """What is compared, and by which test."""

    metric: str
    test: str
    settings: Champion
    seed: int
    names: Names

    @property
    def confidence(self) -> float:
        return 1 - self.settings.alpha

    def outcome(self, verdict: Verdict, reason: str, **more: Any) -> Comparison:  # noqa: ANN401 - fields of Comparison
        return Comparison(verdict, reason, self.metric, self.test, self.settings.alpha, **more)


def compare(
    champion: OnnxModel,
    challenger: OnnxModel,
    test: pl.LazyFrame,
    *,
    seen: SeenRows | None,
    data: Data,
    task: Task,
    primary: str,
    settings: Champion,
    seed: int,
    names: Names = ROLES,
) -> Comparison:
    """Asks both models about the test rows that neither was trained on.

    Args:
        champion: The model in production.
        challenger: The best candidate, trained on none of `test`.
        test: Raw columns and the target.
        seen: The champion's training rows; None if they were never recorded.
        data: Names the target.
        task: What the challenger does.
        primary: The metric that decides between candidates.
        settings: The test, its error rate, and the rows that it takes.
        seed: Of the resamples.
        names: What the sentences call the two.
    """
    is_binary = task == "classification" and len(challenger.card["classes"]) == 2
    plan = _plan(primary, is_binary, settings, seed, names)
    obstacle = obstacle_of(champion, challenger, test, data, names)
    if obstacle:
        return plan.outcome(_UNSURE, f"{names[0]} cannot be compared: {obstacle}")
    is_known = test.select(known=_is_known(test, data.target)).collect()["known"].to_numpy()
    is_fresh, notes = unseen(test, seen, names[0])
    frame = _answered_rows(test, champion, challenger, data.target, is_known & is_fresh)
    left_out = int((is_known & ~is_fresh).sum())
    if settings.test == "delong" and plan.test != "delong":
        notes = (*notes, "DeLong's test is for two classes, so the bootstrap took its place")
    if len(frame) < settings.min_rows:
        reason = _too_few(len(frame), left_out, plan)
        return plan.outcome(_UNSURE, reason, rows=len(frame), left_out=left_out, notes=notes)
    if left_out:
        notes = (*notes, f"{left_out:,} test rows left out that {names[0]} was trained on")
    found = _difference(champion, challenger, frame, data, task, plan)
    if isinstance(found, str):
        verdict, reason, difference = _UNSURE, f"{names[0]} cannot be compared: {found}", None
    else:
        verdict, reason, difference = judge(found, plan.metric, settings.alpha), _reason(found, plan, len(frame)), found
    return plan.outcome(verdict, reason, difference=difference, rows=len(frame), left_out=left_out, notes=notes)


def incomparable(why: str, challenger: OnnxModel, primary: str, settings: Champion) -> Comparison:
    """What `compare` says of a champion whose file is not there to be asked."""
    is_binary = len(challenger.card.get("classes") or ()) == 2
    return _plan(primary, is_binary, settings, 0, ROLES).outcome(_UNSURE, f"the champion cannot be compared: {why}")


def judge(difference: Difference, metric: str, alpha: float) -> Verdict:
    """What the test says: equally good models are told apart, either way, in `alpha` of all cases."""
    if difference.p >= alpha or not difference.effect:
        return _UNSURE
    return "promote" if (difference.effect > 0) != (metric in LOWER_IS_BETTER) else "keep champion"


def _plan(primary: str, is_binary: bool, settings: Champion, seed: int, names: Names) -> _Plan:
    """Each metric by the test that was made for it; what has none of its own by the bootstrap."""
    test = settings.test
    if test == "mcnemar" or (test == "auto" and primary == "accuracy"):
        return _Plan("accuracy", "mcnemar", settings, seed, names)
    if test == "delong" or (test == "auto" and primary == "roc_auc"):
        return _Plan("roc_auc", "delong" if is_binary else "bootstrap", settings, seed, names)
    return _Plan(primary, "bootstrap", settings, seed, names)


def obstacle_of(champion: OnnxModel, challenger: OnnxModel, test: pl.LazyFrame, data: Data, names: Names) -> str:
    """Why the champion has no answer to today's question; empty if it has one."""
    card = champion.card
    if card["task"] != challenger.card["task"]:
        return f"it is a {card['task']}, {names[1]} a {challenger.card['task']}"
    if card.get("target", data.target) != data.target:
        return f"it predicts {card['target']}, {names[1]} {data.target}"
    schema = test.collect_schema()
    missing = [spec["name"] for spec in card["inputs"] if spec["name"] not in schema]
    if missing:
        return f"it reads {', '.join(missing)}, which today's contract does not have"
    text = [spec["name"] for spec in card["inputs"] if spec["datatype"] != "BYTES" and _is_text(schema[spec["name"]])]
    if text:
        return f"it reads {', '.join(text)} as a number, which is text in today's contract"
    return ""


def _is_text(kind: pl.DataType) -> bool:
    return not (kind.is_numeric() or kind.is_(_boolean()))


def _boolean() -> pl.DataType:
    import polars as pl

    return pl.Boolean()


def _is_known(test: pl.LazyFrame, target: str) -> pl.Expr:
    import polars as pl

    value = pl.col(target)
    return value.is_not_null() & value.is_not_nan() if test.collect_schema()[target].is_float() else value.is_not_null()


def unseen(test: pl.LazyFrame, seen: SeenRows | None, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which rows a model has not learned, as far as that can be told.

    Args:
        test: The rows.
        seen: What it was trained on; None if that was never recorded.
        name: What the notes call the model.

    Returns:
        A mask of shape (rows,), and what has to be said about it.
    """
    import polars as pl

    everything = np.ones(int(test.select(pl.len()).collect().item()), bool)
    if seen is None:
        return everything, (f"which rows {name} was trained on is not on record, so none is left out",)
    if missing := seen.missing(test):
        gone = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} no longer there"
        return everything, (f"rows that {name} was trained on cannot be recognised, since {gone}",)
    return ~seen.contains(test), ()


def _answered_rows(
    test: pl.LazyFrame, champion: OnnxModel, challenger: OnnxModel, target: str, wanted: np.ndarray
) -> pl.DataFrame:
    import polars as pl

    columns = {target, *(spec["name"] for model in (champion, challenger) for spec in model.card["inputs"])}
    return test.select(sorted(columns)).collect().filter(pl.Series(wanted))


def _too_few(rows: int, left_out: int, plan: _Plan) -> str:
    left = f"{rows:,} test row{'s' if rows != 1 else ''}"
    why = f" after {left_out:,} that {plan.names[0]} was trained on were left out" if left_out else ""
    return f"too few rows to compare with {plan.names[0]}: {left}{why}, champion.min_rows is {plan.settings.min_rows}"


def _difference(
    champion: OnnxModel, challenger: OnnxModel, frame: pl.DataFrame, data: Data, task: Task, plan: _Plan
) -> Difference | str:
    """The test's result, or why there is none."""
    if task == "regression":
        truth = frame[data.target].to_numpy().astype(float)
        old, new = (
            outputs_of(model, frame)["prediction"].reshape(-1).astype(float) for model in (champion, challenger)
        )
        if reason := _not_finite(old, new, plan.names):
            return reason
        return _bootstrapped(definitions.regression(truth, old), definitions.regression(truth, new), plan)
    return _of_classes(champion, challenger, frame, data, plan)


def _of_classes(
    champion: OnnxModel, challenger: OnnxModel, frame: pl.DataFrame, data: Data, plan: _Plan
) -> Difference | str:
    classes, positive = challenger.card["classes"], positive_of(challenger.card)
    truth, _ = labels.encode(frame[data.target], classes)
    old, old_labels = _answer(champion, frame, classes)
    new, new_labels = _answer(challenger, frame, classes)
    if reason := _not_finite(old, new, plan.names):
        return reason
    if plan.test == "mcnemar":
        return mcnemar(old_labels == truth, new_labels == truth, plan.confidence)
    if plan.test == "delong" and positive is not None:
        is_positive = truth == positive
        if min(is_positive.sum(), (~is_positive).sum()) < 2:
            return f"of the {len(frame):,} rows fewer than two are of one class"
        return delong(is_positive, old[:, positive], new[:, positive], plan.confidence)
    return _bootstrapped(_sample(truth, old, old_labels, positive), _sample(truth, new, new_labels, positive), plan)


def _answer(model: OnnxModel, frame: pl.DataFrame, classes: list[Any]) -> tuple[Floats, Integers]:
    """Probabilities of, and positions in, the challenger's classes, whatever classes the model itself has."""
    outputs = outputs_of(model, frame)
    own = model.card["classes"]
    places = labels.positions(classes, own)
    given = outputs["probabilities"].astype(float)
    none = np.zeros(len(frame))
    columns = [none if places[each] == labels.UNSEEN else given[:, places[each]] for each in classes]
    if not np.isfinite(given).all():
        columns = [np.full(len(frame), np.nan)] * len(classes)
    distinct, which = np.unique(outputs["label"].reshape(-1), return_inverse=True)
    known = labels.positions(distinct.tolist(), classes)
    table = [_NO_CLASS if known[each] == labels.UNSEEN else known[each] for each in distinct.tolist()]
    return np.column_stack(columns), np.array(table)[which]


def _sample(truth: Integers, probabilities: Floats, predicted: Integers, positive: int | None) -> Sample:
    if positive is None:
        return definitions.multiclass(truth, probabilities, predicted)
    return definitions.binary(truth, probabilities, predicted, positive)


def _bootstrapped(champion: Sample, challenger: Sample, plan: _Plan) -> Difference | str:
    found = paired_bootstrap(
        champion,
        challenger,
        plan.metric,
        resamples=max(RESAMPLES, round(20 / plan.settings.alpha)),
        confidence=plan.confidence,
        seed=plan.seed,
    )
    return found or f"{plan.metric} has no value on these {len(champion.sums):,} rows"


def _not_finite(champion: Floats, challenger: Floats, names: Names) -> str:
    """A model that answers NaN has no metric."""
    for name, answers in zip(names, (champion, challenger), strict=True):
        if not np.isfinite(answers).all():
            return f"{name} answers NaN or infinity for some rows"
    return ""


def _reason(found: Difference, plan: _Plan, rows: int) -> str:
    """`roc_auc 0.861 against the champion's 0.842 on 262 test rows: +0.019 (95 % 0.003 to 0.035), DeLong p = 0.018`."""
    names = {"delong": "DeLong", "mcnemar": "McNemar", "bootstrap": "paired bootstrap"}
    values = f"{plan.metric} {_figure(found.challenger)} against {plan.names[0]}'s {_figure(found.champion)}"
    interval = f"{plan.confidence * 100:g} % {_figure(found.low)} to {_figure(found.high)}"
    p = f"p = {found.p:.2g}" if found.p >= 0.0001 else "p < 0.0001"
    sign = "+" if found.effect >= 0 else ""
    return f"{values} on {rows:,} test rows: {sign}{_figure(found.effect)} ({interval}), {names[plan.test]} {p}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}" if abs(value) >= 1 else f"{value:.4f}"
