"""What a run's steps do, told in ZenML's sentences, so that whoever reads its log need not know where they run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zenml.enums import ExecutionStatus
from zenml.logger import get_logger

if TYPE_CHECKING:
    from zenml.models import StepRunResponse

logger = get_logger(__name__)


class Progress:
    """Remembers what has been told.

    Args:
        known: Steps that were over before the wait began: they have been told of.
    """

    def __init__(self, known: Iterable[StepRunResponse] = ()) -> None:
        """Says nothing yet."""
        self._started: set[str] = set()
        self._ended = {step.name for step in known if step.status.is_finished}

    def tell(self, steps: Iterable[StepRunResponse]) -> None:
        """Logs what has changed since the last call.

        Args:
            steps: All of the run, as ZenML has them now.
        """
        for step in steps:
            if step.name not in self._ended:
                self._tell(step)

    def fail(self, name: str) -> None:
        """A step has failed of which ZenML does not know."""
        if name not in self._ended:
            self._ended.add(name)
            logger.info("Step `%s` failed.", name)

    def _tell(self, step: StepRunResponse) -> None:
        name, status = step.name, step.status
        if status == ExecutionStatus.CACHED:
            self._ended.add(name)
            logger.info("Using cached version of step `%s`.", name)
            return
        if name not in self._started and status != ExecutionStatus.RETRIED:
            self._started.add(name)
            logger.info("Step `%s` has started.", name)
        if status == ExecutionStatus.COMPLETED:
            self._ended.add(name)
            logger.info("Step `%s` has finished in %s.", name, _duration(step))
        elif status == ExecutionStatus.FAILED:
            self.fail(name)


def _duration(step: StepRunResponse) -> str:
    if step.start_time is None or step.end_time is None:
        return "an unknown time"
    return f"{(step.end_time - step.start_time).total_seconds():.1f}s"
