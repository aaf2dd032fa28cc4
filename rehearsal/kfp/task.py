"""One attempt at a container task: what an executor gets, and what it says came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Attempt:
    """A pod to be, in the terms of the pipeline's spec.

    Attributes:
        run_id: Of the run.
        workflow: The name of the run's workflow.
        pod: The name of the pod; the same one again after the server was started anew.
        node_id: Argo's id of the node.
        node_name: Argo's name of the node, the path from the root.
        namespace: Of the run.
        service_account: As which the pod runs.
        container: Image, command, arguments, environment and resources, from the PipelineSpec.
        kubernetes: The rest of the pod, from the platform spec; parameters in it are resolved.
        inputs: Input parameters.
        output_parameters: Declared output parameters of the component.
        log: The file that keeps what the container writes.
        cancelled: Set when the run is terminated.
        abandoned: Set when the server ends, or the run is deleted.
        waiting: To be called with the reason why the container does not run yet.
        started: To be called once the container runs.
    """

    run_id: str
    workflow: str
    pod: str
    node_id: str
    node_name: str
    namespace: str
    service_account: str
    container: dict[str, Any]
    kubernetes: dict[str, Any]
    inputs: dict[str, Any]
    output_parameters: dict[str, Any]
    log: Path
    cancelled: threading.Event
    abandoned: threading.Event
    waiting: Callable[[str], None]
    started: Callable[[], None]

    def stopped(self) -> bool:
        """Whether nobody wants the result any more."""
        return self.cancelled.is_set() or self.abandoned.is_set()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        phase: Argo's: Succeeded; Failed, which a retry policy tries again; or Error, which it does not.
        message: Argo's words for it.
        outputs: Output parameters.
    """

    phase: str
    message: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether what depends on it may start."""
        return self.phase == "Succeeded"


class Executor(Protocol):
    """Runs containers."""

    def run(self, attempt: Attempt, resumed: bool) -> Outcome:
        """Runs one attempt to its end.

        Args:
            attempt: What to run.
            resumed: It had been started before the server was; it is to be found again, not started twice.
        """

    def log(self, pod: str, namespace: str, file: Path) -> str | None:
        """What the container has written until now, or None if nobody knows."""

    def forget(self, pods: list[str], namespace: str) -> None:
        """Removes what is left of pods."""
