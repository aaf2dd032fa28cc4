"""Cron as everyone writes it (five fields), and as KFP wants it (six, seconds first)."""

from __future__ import annotations

from switchyard.errors import InputError

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 7),
)
_NAMES = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "day of week": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}


def kfp_cron(expression: str) -> str:
    """Checks a cron expression and puts the seconds in front, which KFP's has.

    Args:
        expression: Five fields: minute, hour, day of month, month, day of week.

    Raises:
        InputError: It is no cron expression.
    """
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        hint = "; KFP's sixth field, the seconds, is added for you" if len(fields) == 6 else ""
        raise InputError(
            f"the schedule {expression!r} has {len(fields)} fields, a cron expression has five "
            f"(minute hour day month weekday), as in 0 6 * * 1-5{hint}"
        )
    checked = [_field(expression, text, *field) for text, field in zip(fields, _FIELDS, strict=True)]
    return " ".join(["0", *checked])


def five_fields(expression: str) -> str:
    """The expression as the user wrote it."""
    fields = expression.split()
    return " ".join(fields[1:]) if len(fields) == 6 and fields[0] == "0" else expression


def _field(expression: str, text: str, name: str, low: int, high: int) -> str:
    return ",".join(_part(expression, part, name, low, high) for part in text.split(","))


def _part(expression: str, part: str, name: str, low: int, high: int) -> str:
    span, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        raise _wrong(expression, part, name, low, high)
    if span in ("*", "?"):
        return part
    bounds = [_value(expression, bound, name, low, high) for bound in span.split("-")]
    if len(bounds) > 2 or bounds != sorted(bounds):
        raise _wrong(expression, part, name, low, high)
    if name == "day of week" and 7 in bounds:  # to KFP Sunday is 0, and only 0
        return ",".join(map(str, sorted({day % 7 for day in range(bounds[0], bounds[-1] + 1, int(step or 1))})))
    return "-".join(map(str, bounds)) + slash + step


def _value(expression: str, text: str, name: str, low: int, high: int) -> int:
    names = _NAMES.get(name, ())
    if text.lower() in names:
        return names.index(text.lower()) + low
    if not text.isdigit() or not low <= int(text) <= high:
        raise _wrong(expression, text, name, low, high)
    return int(text)


def _wrong(expression: str, found: str, name: str, low: int, high: int) -> InputError:
    return InputError(
        f"the schedule {expression!r} has {found!r} as {name}; allowed are {low} to {high}, *, a-b, */n, a,b"
    )
