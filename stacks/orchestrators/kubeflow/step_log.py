"""The end of a step's log, from where ZenML keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.client import Client
from zenml.logger import get_logger

if TYPE_CHECKING:
    from zenml.models import LogsResponse, StepRunResponse

logger = get_logger(__name__)

_ALL = 1_000_000


def last_lines(step: StepRunResponse, count: int) -> tuple[str, ...]:
    """What the step said last; nothing if its pod was killed before it could be written.

    Args:
        step: ZenML's entry of it.
        count: How many lines.
    """
    logs = sorted(step.log_collection or [], key=lambda each: each.source != "step")
    for log in logs:
        if lines := _lines(log):
            return tuple(lines[-count:])
    return ()


def _lines(log: LogsResponse) -> list[str]:
    from zenml.log_stores.artifact.artifact_log_store import fetch_log_records

    store = Client().active_stack.artifact_store
    if not log.uri or log.artifact_store_id != store.id:
        return []
    try:
        entries = fetch_log_records(store, log.uri, limit=_ALL)
    except Exception as error:  # an explanation without its log is better than none
        logger.debug("no log at %s: %s", log.uri, error)
        return []
    return [line for entry in entries for line in entry.message.splitlines() if line.strip()]
