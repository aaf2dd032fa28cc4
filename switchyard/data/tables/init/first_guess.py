"""A first use case from the profile of a table: what `init` decides, and why.

Every guess has its reason next to it, since it ends up as a comment in the user's config.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from switchyard.config.sections import Column, Scalar, Task
from switchyard.data.tables.init.column_profile import ColumnProfile
from switchyard.errors import InputError

_ID = re.compile(
    r"(^|[_\s-])(id|uuid|guid|key|index|number|nr|no)$|[a-z]I[dD]$|^(id|uuid|guid)([_\s-]|$)|^rownames$", re.I
)
_GROUP = re.compile(
    r"(customer|client|user|patient|subject|person|household|device|session)[_\s-]?(id|nr|no|number)?$", re.I
)
_TIME = re.compile(r"(date|time|timestamp|created|day|month|^ts$|_at$)", re.I)
_BIRTH = re.compile(r"(birth|born|dob)", re.I)
_POSITIVE = ("yes", "true", "1", "y", "t", "positive", "pos", "survived", "churned", "default", "fraud", "spam", "sick")
_MAX_CLASSES = 50
_MAX_ALLOWED = 20


@dataclass(frozen=True)
class Guess:
    """What the config will say.

    Attributes:
        task: Classification or regression.
        task_reason: Why.
        positive: The class that binary metrics are about.
        id: The column that names a row, if there is one.
        time: The column that orders the rows, if there is one.
        group: The column whose rows must stay together, if there is one.
        columns: The contract, with a comment on each column.
        left_out: Columns that no contract can describe, with the reason.
        excluded: Columns that are no features, with the reason.
        max_duplicate_rows: For the table.
        min_rows: For the table.
        split: How rows are assigned to the parts.
        split_reason: Why.
        max_folds: Of a cross-validation in which each fold has a row of each class.
        gates: Metric, what is asked, why.
    """

    task: Task
    task_reason: str
    positive: Scalar | None
    id: str | None
    time: str | None
    group: str | None
    columns: dict[str, tuple[Column, str]]
    left_out: dict[str, str]
    excluded: dict[str, str]
    max_duplicate_rows: int
    min_rows: int
    split: str
    split_reason: str
    max_folds: int
    gates: list[tuple[str, str, str]] = field(default_factory=list)


def guess(shown: str, profiles: Sequence[ColumnProfile], target: str, duplicates: int) -> Guess:
    """Decide on everything from the profile.

    Args:
        shown: The table's file, for messages.
        profiles: One for each column.
        target: The column to predict.
        duplicates: Rows that repeat another.

    Raises:
        InputError: If the target cannot be one.
    """
    by_name = {one.name: one for one in profiles}
    aim = by_name[target]
    rows = aim.rows
    task, task_reason = _task(shown, aim)
    left_out = {one.name: reason for one in profiles if (reason := _left_out(one))}
    known = [one for one in profiles if one.name not in left_out and one.name != target]
    named = _id(known)
    group = next((one.name for one in known if _is_group(one, named)), None)
    time = next((one.name for one in known if _is_time(one)), None)
    excluded = {
        one.name: reason for one in known if one.name not in (named, group, time) and (reason := _no_feature(one))
    }
    columns = {one.name: _column(one, aim, named, task) for one in profiles if one.name not in left_out}
    split, split_reason = _split(task, time, group)
    return Guess(
        task,
        task_reason,
        _positive(aim) if task == "classification" else None,
        named,
        time,
        group,
        columns,
        left_out,
        excluded,
        duplicates + rows // 100 if duplicates else 0,
        max(1, _round_down(rows / 2)),
        split,
        split_reason,
        _max_folds(task, aim),
        _gates(task, aim),
    )


def _task(shown: str, aim: ColumnProfile) -> tuple[Task, str]:
    values = f"{aim.distinct:,} different values"
    if aim.type in ("integer", "number"):
        if aim.is_whole and (aim.distinct == 2 or (aim.distinct <= 10 and aim.rows >= 10 * aim.distinct)):
            return "classification", f"the target holds only {values}, all whole numbers"
        return "regression", f"the target is a number with {values}"
    if aim.type == "datetime" or aim.type is None:
        raise InputError(
            f"{shown} has no class and no number in the target {aim.name!r} but {aim.type or 'nested values'}: "
            "name another column with --target."
        )
    if aim.distinct > _MAX_CLASSES or (aim.distinct > 2 and 2 * aim.distinct > aim.rows):
        raise InputError(
            f"{shown} has text with {values} in {aim.rows:,} rows of the target {aim.name!r}, too many for classes: "
            "name another column with --target."
        )
    return "classification", f"the target is {'true or false' if aim.type == 'boolean' else f'text with {values}'}"


def _left_out(one: ColumnProfile) -> str | None:
    if one.type is None:
        return "holds lists, structures or bytes, which no column type describes"
    if not one.name.strip():
        return "has no name; most likely the row numbers that a program wrote along"
    return None


def _id(known: Sequence[ColumnProfile]) -> str | None:
    unique = [one for one in known if one.is_unique and one.type in ("string", "integer")]
    named = [one.name for one in unique if _ID.search(one.name)]
    numbered = [one.name for one in unique if one.low in (0, 1) and one.high == one.low + one.rows - 1]
    text = [one.name for one in unique if one.type == "string" and one.rows >= 20]
    return next(iter([*named, *numbered, *text]), None)


def _is_group(one: ColumnProfile, named: str | None) -> bool:
    repeats = one.distinct >= 50 and one.rows >= 2 * one.distinct and not one.nulls
    return one.name != named and repeats and one.type in ("string", "integer") and bool(_GROUP.search(one.name))


def _is_time(one: ColumnProfile) -> bool:
    ordered = one.type == "datetime" and not one.nulls and one.distinct >= 20
    return ordered and bool(_TIME.search(one.name)) and not _BIRTH.search(one.name)


def _no_feature(one: ColumnProfile) -> str | None:
    """Why a column cannot help a model, if it cannot."""
    if one.nulls == one.rows:
        return "has no value in any row"
    if one.distinct == 1 and not one.nulls:
        return "has the same value in every row"
    if one.type != "string":
        return None
    if one.odd_dates:
        return "looks like dates that are not ISO 8601 (2026-01-31), so they were read as text"
    if one.distinct > 50 or (one.distinct > 10 and 5 * one.distinct > one.rows):
        return f"is text with {one.distinct:,} different values, nearly a name for each row rather than a category"
    return None


def _column(one: ColumnProfile, aim: ColumnProfile, named: str | None, task: Task) -> tuple[Column, str]:
    assert one.type is not None
    nullable = one.nulls > 0
    note = f"{one.nulls:,} of {one.rows:,} values are missing" if nullable else ""
    if one is aim and task == "classification":
        kind = "integer" if one.type == "number" else one.type
        values = tuple(_as_integer(value) if kind == "integer" else value for value in one.counts)
        allowed = values if kind != "boolean" else None
        return Column(type=kind, allowed=allowed), f"the target{_rare(one)}"
    if one.name == named:
        return Column(type=one.type, unique=True), "names the row"
    if one.type == "string":
        few = 0 < one.distinct <= _MAX_ALLOWED and 5 * one.distinct <= one.rows
        return Column(type="string", nullable=nullable, allowed=tuple(one.counts) if few else None), note
    if one.low is None or one.high is None or one.low == one.high or one.type not in ("integer", "number"):
        return Column(type=one.type, nullable=nullable), note
    low, high = _headroom(one.low, one.high, one.type == "integer")
    seen = f"seen: {one.low:.6g} to {one.high:.6g}"
    return Column(type=one.type, nullable=nullable, min=low, max=high), f"{seen}; {note}" if note else seen


def _rare(aim: ColumnProfile) -> str:
    rarest = min(aim.counts, key=lambda value: aim.counts[value])
    if aim.counts[rarest] >= 10:
        return ""
    return f"; the class {rarest!r} has only {aim.counts[rarest]} rows, few to learn from and to be tested on"


def _as_integer(value: Scalar) -> Scalar:
    return value if isinstance(value, str) else int(value)


def _headroom(low: float, high: float, is_integer: bool) -> tuple[float, float]:
    """Bounds a quarter of the range beyond what was seen, rounded outwards to a round number."""
    room = (high - low) / 4
    step = 10.0 ** math.floor(math.log10(max(high - low, 1e-300)))
    step = max(step / 2, 1.0) if is_integer else step / 2
    lower = math.floor((low - room) / step) * step
    upper = math.ceil((high + room) / step) * step
    if low >= 0:
        lower = max(lower, 0.0)
    if low >= 0 and high <= 1:
        upper = 1.0
    if high <= 0:
        upper = min(upper, 0.0)
    return float(f"{lower:.10g}"), float(f"{upper:.10g}")


def _positive(aim: ColumnProfile) -> Scalar | None:
    """Of two classes the one that sounds like an event, or else the rarer one."""
    if len(aim.counts) != 2:
        return None
    for value in aim.counts:
        if str(value).lower() in _POSITIVE:
            return _as_integer(value) if aim.type == "number" else value
    rarer = min(aim.counts, key=lambda value: aim.counts[value])
    if aim.type in ("integer", "number"):
        return _as_integer(max(aim.counts, key=float))
    return rarer


def _split(task: Task, time: str | None, group: str | None) -> tuple[str, str]:
    if group is not None:
        return "group", "rows of a group stay together, or the model would be tested on groups it has seen"
    if time is not None:
        return "time", "the model is tested on rows later than those it learned from, as in use"
    if task == "classification":
        return "stratified", "each part gets the same share of each class"
    return "random", "each row goes to a part at random"


def _max_folds(task: Task, aim: ColumnProfile) -> int:
    """What the training rows (three fifths) of the rarest class suffice for."""
    rarest = min(aim.counts.values()) if task == "classification" else aim.rows
    return max(2, min(5, rarest * 3 // 5))


def _gates(task: Task, aim: ColumnProfile) -> list[tuple[str, str, str]]:
    """What a model must beat to be of any use: the best answer without looking at the columns."""
    if task == "regression":
        return [("r2", "> 0", "0 is what always answering the mean reaches")]
    shares = [count / sum(aim.counts.values()) for count in aim.counts.values()]
    entropy = -sum(share * math.log(share) for share in shares)
    log_loss = (
        "log_loss",
        f"< {math.floor(entropy * 1000) / 1000:g}",
        "what always answering the classes' shares reaches",
    )
    if len(shares) == 2:
        return [("roc_auc", ">= 0.6", "0.5 is what guessing reaches"), log_loss]
    majority = math.ceil(max(shares) * 1000) / 1000
    return [("accuracy", f"> {majority:g}", "what always answering the most frequent class reaches"), log_loss]


def _round_down(number: float) -> int:
    step = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return int(number // step * step)
