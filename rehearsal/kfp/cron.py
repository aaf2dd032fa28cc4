"""Schedules as robfig/cron (version 1) reads them: seconds first.

Five fields are accepted too, but they are the first five of six: `0 3 * * *` is every hour, three minutes past, and not
three o'clock. A test that submits five fields sees here what would happen on a cluster.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS = [
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
]
_DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_UNITS = {"h": 3600, "m": 60, "s": 1}


class Cron:
    """A schedule.

    Raises:
        ValueError: The text is none.
    """

    def __init__(self, text: str) -> None:
        self._every = _every(text)
        if self._every:
            return
        fields = _DESCRIPTORS.get(text, text).split()
        if not 5 <= len(fields) <= 6:
            raise ValueError(f"Expected 5 to 6 fields, found {len(fields)}: {text}")
        fields += ["*"] * (6 - len(fields))
        self._sets = [_field(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
        self._any_day = [field[0] in "*?" for field in (fields[3], fields[5])]

    def after(self, moment: datetime) -> datetime:
        """The first time after a moment, in UTC."""
        if self._every:
            return moment.replace(microsecond=0) + self._every
        seconds, minutes, hours, _, months, _ = self._sets
        moment = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        limit = moment.year + 5
        while moment.year <= limit:
            if moment.month not in months or not self._day(moment):
                moment = moment.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif moment.hour not in hours:
                moment = moment.replace(minute=0, second=0) + timedelta(hours=1)
            elif moment.minute not in minutes:
                moment = moment.replace(second=0) + timedelta(minutes=1)
            elif moment.second not in seconds:
                moment += timedelta(seconds=1)
            else:
                return moment
        raise ValueError("the schedule never comes")

    def _day(self, moment: datetime) -> bool:
        of_month = moment.day in self._sets[3]
        of_week = (moment.weekday() + 1) % 7 in self._sets[5]
        return (of_month and of_week) if any(self._any_day) else (of_month or of_week)


def _every(text: str) -> timedelta | None:
    if not text.startswith("@"):
        return None
    if text in _DESCRIPTORS:
        return None
    duration = text.removeprefix("@every ")
    if duration == text or duration[-1:] not in _UNITS or not duration[:-1].isdigit():
        raise ValueError(f"Unrecognized descriptor: {text}")
    return timedelta(seconds=max(int(duration[:-1]) * _UNITS[duration[-1]], 1))


def _field(text: str, name: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    return {value for part in text.split(",") for value in _range(part, name, low, high, names)}


def _range(text: str, name: str, low: int, high: int, names: dict[str, int]) -> range:
    spread, _, step = text.partition("/")
    start, _, end = spread.partition("-")

    def number(word: str) -> int:
        value = names.get(word.lower())
        if value is None and not word.isdigit():
            raise ValueError(f"Failed to parse int from {word}: {name} {text!r}")
        return int(word) if value is None else value

    first = low if start in ("*", "?") else number(start)
    last = number(end) if end else (high if start in ("*", "?") or step else first)
    if first < low or last > high:
        raise ValueError(f"{name} {text!r} is outside {low} to {high}")
    if first > last or (step and not int(step)):
        raise ValueError(f"{name} {text!r} is no range")
    return range(first, last + 1, int(step or 1))
