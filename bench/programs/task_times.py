"""When the tasks of a Kubeflow run started, reached the first line of their step, left it, and ended."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from rehearsal.kfp.executor_process import ProcessExecutor

# The start is that of the step's own command: what a node does before, pulling an image say, is not in it.
_TIMED = 'date +%s.%N >"$0.started"; "$@"; code=$?; date +%s.%N >"$0.ended"; exit $code'


@dataclass(frozen=True)
class TaskTimes:
    """One task that ran a step.

    Attributes:
        step: Its name in this run.
        started: When the process started; this and the others in seconds since 1970.
        begun: The first line of the step.
        cpu: CPU seconds that the process had used by then.
        done: After the last line of the step.
        ended: When the process had ended.
        imported: Which of the heavy packages had been imported at the first line.
        late: Which were imported after that.
    """

    step: str
    started: float
    begun: float
    cpu: float
    done: float
    ended: float
    imported: list[str]
    late: list[str]

    @property
    def cold(self) -> float:
        """Seconds from the start of the process to the first line of the step."""
        return self.begun - self.started

    @property
    def own(self) -> float:
        """Seconds in the step's own code."""
        return self.done - self.begun

    @property
    def after(self) -> float:
        """Seconds from the last line of the step to the end of the process."""
        return self.ended - self.done


class TimedProcesses(ProcessExecutor):
    """Tasks as processes, each of which notes its times beside the folder of the tasks."""

    def run(self, attempt, resumed):
        """As before, with a shell around the command that looks at the clock."""
        folder = _marks(self._work)
        folder.mkdir(exist_ok=True)
        command = ["/bin/sh", "-c", _TIMED, str(folder / attempt.pod), *attempt.container.get("command", [])]
        return super().run(replace(attempt, container={**attempt.container, "command": command}), resumed)

    def _environment(self, attempt, folder):
        found = super()._environment(attempt, folder)
        words = [*attempt.container.get("args", []), ""]
        own = {
            "BENCH_STEP": words[words.index("--step_name") + 1] if "--step_name" in words else "",
            "PYTHONPATH": str(Path(__file__).parent / "step_marks"),
            "BENCH_TASK_MARKS": str(_marks(self._work) / f"{attempt.pod}.json"),
        }
        return None if found is None else found | own


def read(work: Path) -> list[TaskTimes]:
    """The tasks that have run steps until now, in the order of their starts.

    Args:
        work: The folder of the tasks.
    """
    found = []
    for file in _marks(work).glob("*.json"):
        marks = json.loads(file.read_text())
        started, ended = (float(file.with_suffix(f".{name}").read_text()) for name in ("started", "ended"))
        own = {name: marks[name] for name in ("step", "begun", "cpu", "done", "imported")}
        found.append(TaskTimes(**own, late=marks["imported_late"], started=started, ended=ended))
    return sorted(found, key=lambda times: times.started)


def _marks(work: Path) -> Path:
    return work.absolute().parent / "marks"
