"""Schedules: what ZenML has as a schedule is a recurring run of KFP's, and there is one of each name.

ZenML 0.98 adds a recurring run with each submission and never looks at it again. Here a recurring run carries the id
of ZenML's schedule, a new one takes the place of the old one, and pausing and deleting reach KFP.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from zenml.client import Client
from zenml.models import ScheduleResponse, ScheduleUpdate

from stacks.orchestrators.kubeflow.api import KfpApi
from stacks.orchestrators.kubeflow.cron import five_fields
from stacks.orchestrators.kubeflow.recurring import active, delete_in_kfp, ours, zenml_id
from switchyard.errors import InputError

if TYPE_CHECKING:
    from kfp_server_api import V2beta1RecurringRun

    from stacks.orchestrators.kubeflow.config import KubeflowConfig

_REPLACED = "-replaced-"


@dataclass(frozen=True)
class ScheduleState:
    """A schedule, as KFP and ZenML have it.

    Attributes:
        name: By which it is paused, resumed and deleted.
        cron: Five fields, or every how many seconds.
        active: Whether it starts runs.
        created: When it was put on.
        last_run: The newest run that ZenML knows of it; empty if there is none.
        last_status: How that stands.
        note: What does not fit together; empty if all is well.
    """

    name: str
    cron: str
    active: bool
    created: datetime | None
    last_run: str = ""
    last_status: str = ""
    note: str = ""


@contextmanager
def replacing(name: str) -> Iterator[None]:
    """Inside, a pipeline may be submitted with a schedule of this name; then the one before it is gone.

    If the block raises, the one before it is as it was, and nothing new is left behind.

    Args:
        name: Of the schedule.

    Raises:
        InputError: The active stack has no schedules.
    """
    config = _config()
    old = _find(name)
    if old is not None:
        _rename(old, f"{name}{_REPLACED}{str(old.id)[:8]}")
    try:
        yield
    except BaseException:
        half = _find(name)
        if half is not None:
            _forget(config, half)
        if old is not None:
            _rename(old, name)
        raise
    for schedule in _known():  # this one, and any that a process which was killed has left
        if schedule.name.startswith(f"{name}{_REPLACED}"):
            Client().delete_schedule(schedule.id)


def list_schedules() -> list[ScheduleState]:
    """All schedules of the project on this orchestrator, by name.

    Raises:
        InputError: The active stack has no schedules.
        SwitchyardError: KFP cannot be reached.
    """
    config = _config()
    in_kfp = {zenml_id(each): each for each in ours(KfpApi(config))}
    states = [_state(schedule, in_kfp.pop(str(schedule.id), None)) for schedule in _known()]
    states += [_orphan(recurring) for recurring in in_kfp.values()]
    return sorted(states, key=lambda state: state.name)


def pause_schedule(name: str) -> None:
    """Starts no more runs until it is resumed; a run that is under way goes on.

    Raises:
        InputError: There is no such schedule.
        SwitchyardError: KFP cannot be reached; nothing has changed then.
    """
    _switch(name, active=False)


def resume_schedule(name: str) -> None:
    """Starts runs again; what was missed is not made up for, unless the schedule says so.

    Raises:
        InputError: There is no such schedule.
        SwitchyardError: KFP cannot be reached; nothing has changed then.
    """
    _switch(name, active=True)


def remove_schedule(name: str) -> None:
    """Ends a schedule, in KFP and then in ZenML; the runs that it has started stay.

    Raises:
        InputError: There is no such schedule.
        SwitchyardError: KFP cannot be reached; nothing has changed then.
    """
    config = _config()
    schedule = _find(name)
    if schedule is not None:
        return Client().delete_schedule(schedule.id)
    api = KfpApi(config)
    orphans = [each for each in ours(api) if each.display_name == name]
    if not orphans:
        raise _unknown(name)
    for each in orphans:
        api.delete_schedule(str(each.recurring_run_id))
    return None


def _state(schedule: ScheduleResponse, recurring: V2beta1RecurringRun | None) -> ScheduleState:
    last = Client().list_pipeline_runs(schedule_id=schedule.id, size=1, sort_by="desc:created").items
    note = "" if recurring is not None else "gone in Kubeflow Pipelines: put it on again, or delete it"
    return ScheduleState(
        name=schedule.name,
        cron=_when(schedule),
        active=recurring is not None and active(recurring),
        created=schedule.created.replace(tzinfo=UTC),
        last_run=last[0].name if last else "",
        last_status=last[0].status.value if last else "",
        note=note,
    )


def _when(schedule: ScheduleResponse) -> str:
    if schedule.cron_expression:
        return five_fields(schedule.cron_expression)
    return f"every {schedule.interval_second.total_seconds():.0f} s" if schedule.interval_second else ""


def _orphan(recurring: V2beta1RecurringRun) -> ScheduleState:
    cron = recurring.trigger.cron_schedule if recurring.trigger else None
    return ScheduleState(
        name=str(recurring.display_name),
        cron=five_fields(str(cron.cron)) if cron else "",
        active=active(recurring),
        created=recurring.created_at,
        note="unknown to this ZenML: delete it",
    )


def _known() -> list[ScheduleResponse]:
    client = Client()
    orchestrator = client.active_stack.orchestrator.id
    return list(client.list_schedules(orchestrator_id=orchestrator, size=500, hydrate=True).items)


def _find(name: str) -> ScheduleResponse | None:
    return next((schedule for schedule in _known() if schedule.name == name), None)


def _switch(name: str, active: bool) -> None:
    _config()
    schedule = _find(name)
    if schedule is None:
        raise _unknown(name)
    # ZenML itself refuses to repeat what it believes to be so; KFP may be of another opinion.
    orchestrator: Any = Client().active_stack.orchestrator
    orchestrator.update_schedule(schedule, ScheduleUpdate(active=active))
    Client().zen_store.update_schedule(schedule.id, ScheduleUpdate(active=active))


def _rename(schedule: ScheduleResponse, name: str) -> None:
    Client().zen_store.update_schedule(schedule.id, ScheduleUpdate(name=name))


def _forget(config: KubeflowConfig, schedule: ScheduleResponse) -> None:
    """What a submission that failed has left."""
    try:
        delete_in_kfp(config, schedule)
    finally:
        Client().zen_store.delete_schedule(schedule.id, soft=False)


def _config() -> KubeflowConfig:
    from stacks.orchestrators.kubeflow.orchestrator import KubeflowOrchestrator

    stack = Client().active_stack
    if not isinstance(stack.orchestrator, KubeflowOrchestrator):
        raise InputError(
            f"stack {stack.name} has no schedules: its orchestrator is {stack.orchestrator.flavor}; "
            "apply one that has: python run.py --stack kubeflow"
        )
    return stack.orchestrator.config


def _unknown(name: str) -> InputError:
    known = ", ".join(sorted(schedule.name for schedule in _known())) or "none"
    return InputError(f"there is no schedule {name}; there are: {known}")
