"""A point in time as people write it."""

from __future__ import annotations

from datetime import datetime, tzinfo

from switchyard.errors import InputError


def parse(text: str, zone: tzinfo | None = None) -> datetime:
    """A moment in ISO 8601, such as 2026-11-22T10:00Z, 2026-11-22T11:00+01:00, "2026-11-22 11:00" or 2026-11-22.

    Args:
        text: What was written. A date alone is the midnight with which the day begins.
        zone: Of a time that names none; by default that of this machine.

    Raises:
        InputError: It is no moment.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=zone) if moment.tzinfo is None and zone else moment.astimezone()
    except (ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"--at {text}: not a date and time ({error}); write it as 2026-11-22T10:00Z, with an offset as in "
            "2026-11-22T11:00+01:00, or without one for this machine's time"
        ) from error
