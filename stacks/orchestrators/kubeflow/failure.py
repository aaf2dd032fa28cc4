"""Why a run ended badly, in one sentence, with what its step said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.enums import ExecutionStatus

from stacks.orchestrators.kubeflow.reconcile import SILENT
from stacks.orchestrators.kubeflow.step_log import last_lines
from stacks.s3.bucket import bucket_trouble
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kfp_server_api import V2beta1Run
    from zenml.models import StepRunResponse

    from stacks.orchestrators.kubeflow.pod_watch import PodWatch
    from stacks.orchestrators.kubeflow.pods import Trouble

LOG_LINES = 20
_FAILED = {"FAILED", "ERROR"}
_ADVICE = {
    "OOMKilled": "give the step more memory in the config: steps.{step}.memory",
    "cannot be pulled": "push it with: python run.py image, and let the cluster's nodes pull it",
    "no node can take": "ask for less, or for another node, in the config: steps.{step}",
    "DeadlineExceeded": "give it longer in the config: steps.{step}.timeout",
    "CreateContainerConfigError": "python run.py doctor tells what is missing in the cluster",
}


def reasons(
    run: V2beta1Run, steps: Iterable[str], known: Mapping[str, StepRunResponse], pods: PodWatch
) -> dict[str, str]:
    """What ended each step that could not say so itself.

    Args:
        run: KFP's.
        steps: Those that were to run in it.
        known: ZenML's entries.
        pods: What Kubernetes said of them.

    Returns:
        A sentence a step, those that Kubernetes explains first.
    """
    found = {
        name: sentence(trouble, pods.attempts(name))
        for name, trouble in pods.troubles().items()
        if not _says_itself(known.get(name))
    }
    for name in failed_tasks(run, steps):
        if name not in found and not _says_itself(known.get(name)):
            found[name] = f"step {name} {SILENT}"
    return found


def pending(troubles: Mapping[str, Trouble]) -> dict[str, str]:
    """The sentences for pods that do not start."""
    return {name: sentence(trouble, 1) for name, trouble in troubles.items()}


def error(reason: str, step: str, known: Mapping[str, StepRunResponse], pods: PodWatch) -> SwitchyardError:
    """The reason as an error, with the last lines of the step's log; a bucket that is away is named instead."""
    trouble = bucket_trouble() if SILENT in reason else ""
    lines = last_lines(known[step], LOG_LINES) if step in known and not trouble else ()
    return SwitchyardError(f"{reason}; {trouble}" if trouble else reason, details=lines or pods.last_lines(step))


def own_failure(steps: Iterable[StepRunResponse]) -> StepRunResponse | None:
    """The step that failed by an exception of its own, which ZenML has kept."""
    for step in steps:
        if step.status == ExecutionStatus.FAILED and _says_itself(step):
            return step
    return None


def failed_tasks(run: V2beta1Run, steps: Iterable[str]) -> list[str]:
    """Steps whose task KFP calls failed, after all attempts; a task's name is the step's, without underscores."""
    names = {step.replace("_", "-").lower(): step for step in steps}
    details = (run.run_details.task_details if run.run_details else None) or []
    failed = [str(task.display_name or "") for task in details if str(task.state) in _FAILED]
    found = [names[name.lower().replace("_", "-")] for name in failed if name.lower().replace("_", "-") in names]
    return list(dict.fromkeys(found))


def _says_itself(step: StepRunResponse | None) -> bool:
    """Whether nothing is left to explain: it went well, or ZenML has its exception."""
    if step is None:
        return False
    info = step.exception_info
    silent = info is None or (info.message or "").endswith(SILENT)
    return step.status.is_successful or (step.status.is_finished and not silent)


def sentence(trouble: Trouble, attempts: int) -> str:
    """What ended a step, and what to do about it.

    Args:
        trouble: Of its newest pod.
        attempts: How many pods it has had.
    """
    advice = next((text for key, text in _ADVICE.items() if key in trouble.reason), "")
    tries = f", at the last of {attempts} attempts" if attempts > 1 and not trouble.pending else ""
    return f"{trouble}{tries}{f'; {advice.format(step=trouble.step)}' if advice else ''}"
