"""What a target must be: two different values, and the positive class one of its classes.

The source, the contract and the training rows are each held against the same two rules, whose sentences stand here.
"""

from __future__ import annotations

from collections.abc import Sequence

from switchyard.config.sections import Scalar
from switchyard.errors import InputError

_SHOWN = 10  # classes in a sentence


def require_two_values(source: str, target: str, values: Sequence[object], rows: int) -> None:
    """Refuses a constant target.

    Args:
        source: What the rows are called in the sentence: a file, or "the training rows".
        target: The column.
        values: Its different values, or some of them; empty if it is missing in all rows.
        rows: How many rows there are.

    Raises:
        InputError: There is one value only.
    """
    if len(values) == 1:
        raise InputError(
            f"{source}: the target {target!r} has the same value {values[0]!r} in all {rows:,} rows, so there is "
            "nothing to learn: choose another column at data.target, or add rows with other values."
        )


def require_class(source: str, target: str, positive: Scalar, classes: Sequence[Scalar]) -> None:
    """Refuses a positive class that is none of the classes, or one of more than two.

    Args:
        source: What the rows are called in the sentence.
        target: The column.
        positive: What `data.positive` says.
        classes: The target's different values, sorted, or the first of them.

    Raises:
        InputError: It is neither of two classes.
    """
    shown = ", ".join(map(repr, classes[:_SHOWN])) + (", …" if len(classes) > _SHOWN else "")
    if not is_class(positive, classes):
        raise InputError(
            f"{source}: data.positive is {positive!r}, but the target {target!r} holds {shown}: "
            "write one of these at data.positive."
        )
    if len(classes) > 2:
        raise InputError(
            f"{source}: the target {target!r} has more than two classes ({shown}), so none of them can be "
            "data.positive: remove that key."
        )


def is_class(value: Scalar, classes: Sequence[Scalar]) -> bool:
    """Whether a value is one of the classes; true is not taken for 1, nor false for 0."""
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in classes)
