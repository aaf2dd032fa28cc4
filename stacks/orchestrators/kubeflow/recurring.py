"""KFP's side of a schedule: the recurring run, which carries the id of ZenML's schedule in its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stacks.orchestrators.kubeflow.api import KfpApi, KfpMissingError
from stacks.orchestrators.kubeflow.cron import kfp_cron
from switchyard.errors import InputError

if TYPE_CHECKING:
    from kfp_server_api import V2beta1RecurringRun
    from zenml.metadata.metadata_types import MetadataType
    from zenml.models import ScheduleResponse, ScheduleUpdate

    from stacks.orchestrators.kubeflow.config import KubeflowConfig

KFP_ID = "kfp_recurring_run_id"
_MARK = "ZenML schedule "


def put(
    api: KfpApi, schedule: ScheduleResponse, experiment: str, pipeline: str, version: str
) -> dict[str, MetadataType]:
    """Makes the recurring run of a schedule, then deletes what it takes the place of.

    Args:
        api: KFP.
        schedule: ZenML's.
        experiment: KFP's id.
        pipeline: KFP's id.
        version: KFP's id.

    Returns:
        What ZenML is to note of it.
    """
    created = api.schedule(
        schedule.name,
        f"{_MARK}{schedule.id}",
        experiment,
        pipeline,
        version,
        trigger(schedule),
        catchup=schedule.catchup,
    )
    for each in api.schedules(experiment, None):
        if each.display_name == schedule.name and str(each.recurring_run_id) != created and zenml_id(each):
            api.delete_schedule(str(each.recurring_run_id))
    return {KFP_ID: created}


def trigger(schedule: ScheduleResponse) -> dict[str, Any]:
    """When KFP is to start runs.

    Raises:
        InputError: KFP has no such schedules.
    """
    import kfp_server_api

    between = {"start_time": schedule.utc_start_time, "end_time": schedule.utc_end_time}
    if schedule.cron_expression:
        cron = kfp_cron(schedule.cron_expression)
        return {"cron_schedule": kfp_server_api.V2beta1CronSchedule(cron=cron, **between)}
    if schedule.interval_second:
        seconds = str(int(schedule.interval_second.total_seconds()))
        return {"periodic_schedule": kfp_server_api.V2beta1PeriodicSchedule(interval_second=seconds, **between)}
    raise InputError("Kubeflow Pipelines has no schedules that run once; give it a cron expression, or run it now")


def update_in_kfp(config: KubeflowConfig, schedule: ScheduleResponse, update: ScheduleUpdate) -> None:
    """Pauses, resumes, or gives another cron expression, which KFP knows only as another recurring run."""
    api = KfpApi(config)
    recurring = _recurring(api, schedule)
    if update.cron_expression and update.cron_expression != schedule.cron_expression:
        recurring = _with_cron(api, schedule, recurring, update.cron_expression)
    if update.active is not None:
        identifier = str(recurring.recurring_run_id)
        api.resume(identifier) if update.active else api.pause(identifier)


def delete_in_kfp(config: KubeflowConfig, schedule: ScheduleResponse) -> None:
    """Deletes the recurring run; one that is gone already is no error."""
    api = KfpApi(config)
    for each in ours(api):
        if zenml_id(each) == str(schedule.id):
            api.delete_schedule(str(each.recurring_run_id))


def _with_cron(api: KfpApi, schedule: ScheduleResponse, old: V2beta1RecurringRun, cron: str) -> V2beta1RecurringRun:
    import kfp_server_api

    used = old.pipeline_version_reference
    between = {"start_time": schedule.utc_start_time, "end_time": schedule.utc_end_time}
    created = api.schedule(
        str(old.display_name),
        str(old.description),
        str(old.experiment_id),
        str(used.pipeline_id),
        str(used.pipeline_version_id),
        {"cron_schedule": kfp_server_api.V2beta1CronSchedule(cron=kfp_cron(cron), **between)},
        catchup=schedule.catchup,
    )
    if not active(old):
        api.pause(created)
    api.delete_schedule(str(old.recurring_run_id))
    return api.get_schedule(created)


def _recurring(api: KfpApi, schedule: ScheduleResponse) -> V2beta1RecurringRun:
    for each in ours(api):
        if zenml_id(each) == str(schedule.id):
            return each
    raise KfpMissingError(
        f"schedule {schedule.name} has no recurring run at {api.url} (any more); put it on again, or delete it"
    )


def ours(api: KfpApi) -> list[V2beta1RecurringRun]:
    """All that were put on by a ZenML with this orchestrator."""
    return [each for each in api.schedules(None, api.namespace()) if zenml_id(each)]


def zenml_id(recurring: V2beta1RecurringRun) -> str:
    """The id of ZenML's schedule; empty if somebody else made it."""
    description = str(recurring.description or "")
    return description.removeprefix(_MARK) if description.startswith(_MARK) else ""


def active(recurring: V2beta1RecurringRun) -> bool:
    """Whether it starts runs."""
    return str(recurring.status) == "ENABLED" if recurring.status else str(recurring.mode) == "ENABLE"
