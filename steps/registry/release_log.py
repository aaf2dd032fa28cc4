"""Changes of production as metadata of the steps that make them: what was wanted, and since when it is so.

What was wanted is written before the roll-out, the moment after it; so of a run that died in between it can be told.
There is no other bookkeeping: `python run.py history` reads these.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from zenml import get_step_context, log_metadata
from zenml.client import Client
from zenml.enums import StoreType
from zenml.models import StepRunResponse

from switchyard.releases.change import Action, Change, Person, now, written

_OF, _CHANGE, _AT = "release_of", "release", "in_effect"
_LATER = {"found_by": "in_effect_found_by", "finished": "release_finished", "failed": "release_failed"}
_PAGE = 200


def begin(use_case: str, version: int | None, action: Action, reason: str) -> Change:
    """Records what the running step is about to bring into production."""
    run = get_step_context().pipeline_run
    change = Change(
        use_case=use_case,
        version=version,
        action=action,
        reason=reason,
        by=_who(),
        run=run.name,
        stack=Client().active_stack_model.name,
        asked=now(),
    )
    log_metadata({_OF: use_case, _CHANGE: change.record()})
    return change


def take_effect() -> None:
    """Records that what the running step has begun is so from now on."""
    log_metadata({_AT: written(now())})


def give_up() -> None:
    """Records that what the running step has begun has not come to be, and what was before still is."""
    log_metadata({_LATER["failed"]: True})


def finish(changed: bool) -> None:
    """Records whether the stage and MLflow have followed."""
    log_metadata({_LATER["finished"]: changed})


def changes_of(use_case: str) -> list[tuple[Change, StepRunResponse]]:
    """All that was ever recorded of a use case, with the step that recorded it."""
    found: list[StepRunResponse] = []
    page, pages = 1, 1
    while page <= pages:
        listed = Client().list_run_steps(run_metadata=f'{_OF}:"{use_case}"', hydrate=True, page=page, size=_PAGE)
        found += listed.items
        page, pages = page + 1, listed.total_pages
    return [(_read(step.run_metadata), step) for step in found if _CHANGE in step.run_metadata]


def found_in_effect(step: UUID, change: Change, run: str) -> None:
    """Records for a step that died before it could: what it had begun is so since then.

    Args:
        step: Which one.
        change: What it had begun.
        run: The run that has found out.
    """
    log_metadata(metadata={_AT: written(change.asked), _LATER["found_by"]: run}, step_id=step)


def _read(metadata: Mapping[str, Any]) -> Change:
    later = {field: metadata[key] for field, key in _LATER.items() if key in metadata}
    return Change.read(metadata[_CHANGE], metadata.get(_AT), later)


def _who() -> Person:
    """ZenML's user on a server; in ZenML's own folder everybody is `default`, so there it is this machine's user."""
    user = get_step_context().pipeline_run.user
    if Client().zen_store.type == StoreType.REST and user:
        return Person(name=user.name, source="zenml")
    return Person(name=getpass.getuser(), source="os")
