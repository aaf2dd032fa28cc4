"""What an InferenceService is doing, in a word."""

from __future__ import annotations

from enum import Enum
from typing import Any

from stacks.deployers.kserve.manifest import is_stopped
from stacks.deployers.kserve.readiness import condition


class Status(Enum):
    """The states that a user tells apart."""

    READY = "ready"
    STARTING = "starting"
    STOPPED = "stopped"
    MISSING = "missing"
    FAILED = "failed"


def status_of(service: dict[str, Any] | None) -> tuple[Status, str]:
    """The state of an InferenceService, and what there is to say of it.

    Args:
        service: As the cluster has it; None if it has none.
    """
    if service is None:
        return Status.MISSING, "the cluster has no such InferenceService"
    if is_stopped(service):
        return Status.STOPPED, "stopped"
    status = service.get("status") or {}
    ready = condition(service, "Ready")
    model = status.get("modelStatus") or {}
    if ready.get("status") == "True" and model.get("transitionStatus") == "UpToDate":
        return Status.READY, ""
    if model.get("transitionStatus") in ("BlockedByFailedLoad", "InvalidSpec"):
        return Status.FAILED, str((model.get("lastFailureInfo") or {}).get("message", ""))
    return Status.STARTING, str(ready.get("message", ""))
