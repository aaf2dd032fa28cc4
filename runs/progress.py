"""One line a step while a run is under way, and ZenML's own chatter out of the way.

ZenML says what it does in its log; in the process that runs the steps that is the quickest and cheapest place to
learn of it. An orchestrator of ours that waits for a run elsewhere says the same in the same words. On a terminal
the line of the running step counts its seconds; elsewhere a line is printed when it ends.
"""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

_STARTED = re.compile(r"^Step `(?P<step>[^`]+)` has started\.")
_FINISHED = re.compile(r"^Step `(?P<step>[^`]+)` has finished in ")
_CACHED = re.compile(r"^Using cached version of step `(?P<step>[^`]+)`")
_FAILED = re.compile(r"^(?:Failed to run step|Failed preparing step(?: run)?|Step) `(?P<step>[^`]+)`(?:: | failed|\.)")
_TOLD_BY = ("zenml", "stacks")  # loggers whose records are of steps
_SHOWN = ("steps.support.epochs", "steps.storage.remote_checkpoint")  # loggers whose records are shown as they are
_MARKS = {
    "running": " ",
    "done": "[green]✓[/]",
    "cached": "[cyan]=[/]",
    "failed": "[red]✗[/]",
    "stopped": "[yellow]-[/]",
}


class _Seconds(ProgressColumn):
    """Elapsed time with a tenth of a second, which is what short steps need."""

    def render(self, task: Task) -> Text:
        """The text of one line."""
        if task.fields["outcome"] == "cached":
            return Text("cached", style="cyan")
        elapsed = task.finished_time if task.finished else task.elapsed
        return Text(f"{elapsed or 0:6.1f} s")


class StepLines:
    """Keeps the line of each step.

    Args:
        console: Where to draw.
        failed: Takes the names of steps that fail.
    """

    def __init__(self, console: Console, failed: list[str]) -> None:
        """Draws nothing yet."""
        self.failed = failed
        self.console = console
        self.live = console.is_terminal
        self.seconds: dict[str, float] = {}
        self._started: dict[str, float] = {}
        self._lines: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.fields[mark]} {task.description:<24}"),
            _Seconds(),
            console=console,
            disable=not self.live,
        )

    def __enter__(self) -> StepLines:
        """Starts drawing."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leaves the lines as they are."""
        for step in list(self._started):
            self.end(step, "stopped")
        self._progress.stop()

    def start(self, step: str) -> None:
        """A step is running."""
        if step in self._started:
            return
        self._started[step] = time.monotonic()
        self._lines[step] = self._progress.add_task(step, total=1, mark=_MARKS["running"], outcome="running")

    def end(self, step: str, outcome: str) -> None:
        """A step is over: done, cached, failed or stopped."""
        if step not in self._started:
            if step in self.seconds:
                return
            self.start(step)
        if outcome == "failed":
            self.failed.append(step)
        self.seconds[step] = time.monotonic() - self._started.pop(step)
        self._progress.update(self._lines[step], completed=1, mark=_MARKS[outcome], outcome=outcome)
        if not self.live:
            spent = "cached" if outcome == "cached" else f"{self.seconds[step]:.1f} s"
            line = f"{step:<24} {outcome if outcome != 'cached' else '':<7} {spent}".rstrip()
            self.console.print(line, highlight=False, markup=False)


class _Events(logging.Handler):
    """Turns ZenML's log records into lines; everything else of theirs is dropped."""

    def __init__(self, lines: StepLines) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in _SHOWN:
            self.lines.console.print(f"  {record.getMessage()}", highlight=False, markup=False, soft_wrap=True)
        if record.name.split(".", 1)[0] not in _TOLD_BY:
            return
        message = record.getMessage()
        for pattern, outcome in ((_FINISHED, "done"), (_CACHED, "cached"), (_STARTED, ""), (_FAILED, "failed")):
            if found := pattern.match(message):
                if outcome:
                    self.lines.end(found["step"], outcome)
                else:
                    self.lines.start(found["step"])
                return


@contextmanager
def step_lines(console: Console, debug: bool, failed: list[str]) -> Iterator[None]:
    """Until the block ends, ZenML's log becomes lines of steps.

    Args:
        console: Where to draw.
        debug: Touch nothing, let ZenML print.
        failed: Takes the names of steps that fail.
    """
    if debug:
        yield
        return
    root = logging.getLogger()
    handlers = list(root.handlers)
    with StepLines(console, failed) as lines, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for handler in handlers:
            if isinstance(handler, logging.StreamHandler) or type(handler).__name__ == "ZenMLConsoleHandler":
                root.removeHandler(handler)
        root.addHandler(events := _Events(lines))
        ours = [logging.getLogger(name) for name in ("stacks", *_SHOWN)]
        levels = [each.level for each in ours]
        for each in ours:
            each.setLevel(logging.INFO)
        try:
            yield
        finally:
            for each, level in zip(ours, levels, strict=True):
                each.setLevel(level)
            root.handlers = handlers
            events.close()
