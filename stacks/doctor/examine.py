"""Runs the checks side by side, each with a time limit of its own."""

from __future__ import annotations

import importlib
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stacks.doctor.finding import Finding, failed, skipped
from stacks.doctor.target import Target
from switchyard.errors import SwitchyardError

_MASK = "***"
_SHORTEST_SECRET = 4  # anything shorter stands in every other word


@dataclass(frozen=True)
class Check:
    """One thing that a run needs.

    Attributes:
        name: For its line.
        look: Finds out; None if the stack has no such part. A SwitchyardError is a failure in one sentence.
        modules: What it imports that takes long.
        seconds: How long it may take.
        needs: Another check, above it, without which this one can only fail, too.
    """

    name: str
    look: Callable[[Target], Finding | None]
    modules: tuple[str, ...] = ()
    seconds: float = 30.0
    needs: str = ""


@dataclass(frozen=True)
class Examined:
    """A check that is done.

    Attributes:
        check: Its name.
        finding: What it found.
        seconds: How long it took.
    """

    check: str
    finding: Finding
    seconds: float


def run_checks(
    checks: Sequence[Check], target: Target, hidden: Iterable[str] = (), debug: bool = False
) -> Iterator[Examined]:
    """Looks at everything at once and tells in the order of the list; what does not concern the stack is left out.

    Args:
        checks: What to look at.
        target: The stack.
        hidden: Texts that must not be shown, beside the stack's secrets.
        debug: Print tracebacks.
    """
    # Here and not in the threads: two of them that import parts of the same package at once may see half of it.
    for module in dict.fromkeys(module for check in checks for module in check.modules):
        importlib.import_module(module)
    secrets = sorted({each for each in (*target.hidden(), *hidden) if len(each) >= _SHORTEST_SECRET}, key=len)[::-1]
    looks = [_Look(check, target, debug) for check in checks]
    for look in looks:
        look.start()
    broken: set[str] = set()
    for look in looks:
        if (found := look.result()) is not None:
            if found.finding.state == "failed":
                broken.add(found.check)
                if look.check.needs in broken:
                    found = replace(found, finding=skipped(f"nothing to be seen until {look.check.needs} is ok"))
            yield replace(found, finding=_masked(found.finding, secrets))


class _Look(threading.Thread):
    """A check on its way; a thread that does not come back in time is left behind."""

    def __init__(self, check: Check, target: Target, debug: bool) -> None:
        super().__init__(name=f"doctor-{check.name}", daemon=True)
        self.check, self._target, self._debug = check, target, debug
        self._finding: Finding | None = None
        self._began = self._ended = 0.0

    def start(self) -> None:
        self._began = time.monotonic()
        super().start()

    def run(self) -> None:
        try:
            self._finding = self.check.look(self._target)
        except SwitchyardError as error:
            seen, _, advice = str(error).rpartition("; ")
            self._finding = failed(seen or advice, advice if seen else "")
        except Exception as error:  # a check that breaks has not shown that the part works
            if self._debug:
                traceback.print_exc()
            self._finding = failed(f"{type(error).__name__}: {error}", "--debug shows where")
        self._ended = time.monotonic()

    def result(self) -> Examined | None:
        self.join(max(0.0, self._began + self.check.seconds - time.monotonic()))
        if self.is_alive():
            late = failed(f"no answer within {self.check.seconds:g} s", "see whether it is overloaded, or unreachable")
            return Examined(self.check.name, late, self.check.seconds)
        return Examined(self.check.name, self._finding, self._ended - self._began) if self._finding else None


def _masked(finding: Finding, secrets: Sequence[str]) -> Finding:
    """Servers repeat what they were sent in their errors."""
    seen, advice = (" ".join(text.split()) for text in (finding.seen, finding.advice))
    for secret in secrets:
        seen, advice = seen.replace(secret, _MASK), advice.replace(secret, _MASK)
    return replace(finding, seen=seen, advice=advice)
