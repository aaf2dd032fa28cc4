"""Times as the API writes them: whole seconds, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

# What the server sends for a run that has not ended, and for a task that has not: Go's zero times.
RUN_NOT_ENDED = "1970-01-01T00:00:00Z"
TASK_NOT_ENDED = "0001-01-01T00:00:00Z"


def now() -> str:
    """The time now."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """RFC 3339 without fractions."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Reads RFC 3339; a time without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
