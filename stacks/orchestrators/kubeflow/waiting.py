"""Follows a KFP run to its end, and raises an error that says why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus
from zenml.logger import get_logger

from stacks.orchestrators.kubeflow import failure
from stacks.orchestrators.kubeflow.api import KfpApi, KfpMissingError, KfpUnreachableError
from stacks.orchestrators.kubeflow.pod_watch import PodWatch
from stacks.orchestrators.kubeflow.progress import Progress
from stacks.orchestrators.kubeflow.reconcile import reconcile_run, record_reasons
from stacks.orchestrators.kubeflow.states import cancelled, ended
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Run
    from zenml.models import PipelineSnapshotResponse, StepRunResponse

    from stacks.orchestrators.kubeflow.config import KubeflowConfig
    from stacks.orchestrators.kubeflow.pods import Trouble

logger = get_logger(__name__)

POLL_SECONDS = 2.0
# A registry may be unreachable for a moment; a wrong name stays wrong.
IMAGE_SECONDS = 90.0
# The pods of a run that is being terminated have a grace period.
_ENDING_SECONDS = 60.0
Answer = TypeVar("Answer")


def wait(
    config: KubeflowConfig, api: KfpApi, snapshot: PipelineSnapshotResponse, zenml_run: UUID, kfp_run: str
) -> None:
    """Returns once the run has ended and ZenML knows how; a step's own exception is left to ZenML.

    Args:
        config: Of the orchestrator.
        api: KFP.
        snapshot: What is run.
        zenml_run: ZenML's id of the run.
        kfp_run: KFP's.

    Raises:
        SwitchyardError: The run failed for a reason that no step could report, or cannot be observed.
    """
    _Watch(config, api, snapshot, zenml_run, kfp_run).to_the_end()


@dataclass
class _Watch:
    """One wait, and its state from one poll to the next."""

    config: KubeflowConfig
    api: KfpApi
    snapshot: PipelineSnapshotResponse
    zenml_run: UUID
    kfp_run: str
    pods: PodWatch = field(init=False)
    progress: Progress = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.pods = PodWatch(self.config.kubernetes_context, self.config.namespace, self.kfp_run)
        self.progress = Progress(self._steps().values())
        self.name = Client().get_pipeline_run(self.zenml_run).name

    def to_the_end(self) -> None:
        give_up = time.monotonic() + self.config.timeout
        while True:
            run = self._ask_kfp()
            self.pods.look(now=ended(run))
            steps = self._steps()
            self.progress.tell(steps.values())
            if ended(run):
                return self._conclude(run, steps)
            if time.monotonic() > give_up:
                self._end(f"run {self.name} took longer than {self.config.timeout} s and was ended; see `timeout`")
            if (stuck := self._stuck()) is not None:
                self._end("", stuck)
            if self._failed_fast(run, steps):
                return self._end_the_rest(run)
            time.sleep(POLL_SECONDS)

    def _ask_kfp(self) -> V2beta1Run:
        try:
            return persistently(lambda: self.api.get_run(self.kfp_run), self.config.outage_timeout)
        except KfpMissingError as error:
            reason = f"run {self.name} was deleted in Kubeflow Pipelines"
            reconcile_run(self.zenml_run, {}, reason)
            raise SwitchyardError(reason) from error

    def _conclude(self, run: V2beta1Run, steps: dict[str, StepRunResponse]) -> None:
        """KFP has ended the run: tell ZenML, and tell the user why."""
        if str(run.state) == "SUCCEEDED" and self._all_done(steps):
            return
        if cancelled(run):
            reason = f"run {self.name} was cancelled"
            reconcile_run(self.zenml_run, {}, reason, stopped=True)
            raise SwitchyardError(reason)
        reasons = failure.reasons(run, self.snapshot.step_configurations, steps, self.pods)
        self._raise(reasons, steps, _of_kfp(run, self.name))

    def _raise(
        self, reasons: dict[str, str], steps: dict[str, StepRunResponse], otherwise: str, rest_stopped: bool = False
    ) -> None:
        """Reconciles the run in ZenML; raises nothing if a step has reported itself what happened."""
        why = next(iter(reasons.values()), otherwise)
        reconciled = reconcile_run(self.zenml_run, reasons, why, rest_stopped=rest_stopped)
        for step in reasons:
            self.progress.fail(step)
        if reconciled.status == ExecutionStatus.COMPLETED or failure.own_failure(steps.values()):
            return
        if not reasons:
            raise SwitchyardError(otherwise)
        step, reason = next(iter(reasons.items()))
        raise failure.error(reason, step, steps, self.pods)

    def _end(self, reason: str, stuck: Trouble | None = None) -> None:
        """Terminates the run in KFP, because it cannot end by itself."""
        found = failure.pending({stuck.step: stuck}) if stuck else {}
        # Reconcile first, or the exit task of the run would record it as cancelled.
        reconcile_run(self.zenml_run, found, reason or next(iter(found.values())))
        self.api.terminate(self.kfp_run)
        self._wait_for_exit_task()
        self._raise(found, self._steps(), reason)
        raise SwitchyardError(reason or next(iter(found.values())))

    def _failed_fast(self, run: V2beta1Run, steps: dict[str, StepRunResponse]) -> bool:
        """Whether a step has failed for good, others still run, and the pipeline is set to fail fast."""
        if self.snapshot.pipeline_configuration.execution_mode != ExecutionMode.FAIL_FAST:
            return False
        failed = {name for name, step in steps.items() if step.status == ExecutionStatus.FAILED}
        failed |= set(failure.failed_tasks(run, self.snapshot.step_configurations))
        return bool(failed) and any(
            step.status == ExecutionStatus.RUNNING for name, step in steps.items() if name not in failed
        )

    def _end_the_rest(self, run: V2beta1Run) -> None:
        self.pods.look(now=True)
        reasons = failure.reasons(run, self.snapshot.step_configurations, self._steps(), self.pods)
        record_reasons(self.zenml_run, reasons)  # so that ZenML tells the other steps that the run has failed
        self.api.terminate(self.kfp_run)
        self._wait_for_exit_task()
        self._raise(reasons, self._steps(), f"run {self.name} failed", rest_stopped=True)

    def _wait_for_exit_task(self) -> None:
        """Gives the pods of a terminated run time to report to ZenML."""
        until = time.monotonic() + _ENDING_SECONDS
        while time.monotonic() < until:
            if ended(persistently(lambda: self.api.get_run(self.kfp_run), self.config.outage_timeout)):
                break
            time.sleep(POLL_SECONDS)
        self.pods.look(now=True)
        self.progress.tell(self._steps().values())

    def _stuck(self) -> Trouble | None:
        """A pod that has not started and never will; None if there is none."""
        for trouble in self.pods.troubles().values():
            timeout = min(IMAGE_SECONDS, self.config.start_timeout) if trouble.image else self.config.start_timeout
            if trouble.pending and trouble.age > timeout:
                return trouble
        return None

    def _all_done(self, steps: dict[str, StepRunResponse]) -> bool:
        return all(name in steps and steps[name].status.is_successful for name in self.snapshot.step_configurations)

    def _steps(self) -> dict[str, StepRunResponse]:
        """ZenML's entries, the newest of each step; retries while its server is unreachable."""
        return persistently(lambda: dict(Client().get_pipeline_run(self.zenml_run).steps), self.config.outage_timeout)


def persistently(ask: Callable[[], Answer], seconds: float) -> Answer:
    """Retries a call while its server is unreachable.

    Args:
        ask: The call.
        seconds: How long the server may be unreachable.

    Raises:
        SwitchyardError: It was unreachable for longer.
    """
    import requests

    since = time.monotonic()
    while True:
        try:
            return ask()
        except KfpUnreachableError as error:
            if time.monotonic() - since > seconds:
                raise KfpUnreachableError(f"{error}; {_tried(seconds)}") from error
        except requests.RequestException as error:
            if time.monotonic() - since > seconds:
                raise SwitchyardError(f"ZenML's server cannot be reached ({error}); {_tried(seconds)}") from error
        time.sleep(POLL_SECONDS)


def _tried(seconds: float) -> str:
    return f"tried for {seconds:.0f} s, and the run may go on: zenml pipeline runs refresh shows its state"


def _of_kfp(run: V2beta1Run, name: str) -> str:
    said = " ".join(str(run.error.message).split()) if run.error and run.error.message else "no reason given"
    return f"run {name} ended as {run.state} in Kubeflow Pipelines ({said})"
