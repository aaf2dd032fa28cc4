"""Gates: what a model must measure on the test rows before anything is promoted or deployed.

The config writes them as `roc_auc: ">= 0.80"`. `check_gates` reads them before anything is
trained, `judge` compares them with the report of this very model, `sentence` says it in one line.
What passes them all has to beat the champion: see `comparison`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from switchyard.config import Task
from switchyard.errors import InputError
from switchyard.evaluation import metrics

COMPARATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
OTHER_NAMES = ("parity", "latency_ms.p50", "latency_ms.p95", "latency_ms.p99", "size_mb")
_ASKED = re.compile(r"\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


@dataclass(frozen=True)
class GateResult:
    """What one gate asked and what was found.

    Attributes:
        name: As in the config, such as `latency_ms.p95`.
        measured: On the test rows; None if it has no value there.
        asked: As in the config, such as `>= 0.80`.
        passed: Never True without a value.
        reason: Why there is no value, if so.
    """

    name: str
    measured: float | None
    asked: str
    passed: bool
    reason: str = ""

    def __str__(self) -> str:
        """One clause: `gate roc_auc failed: measured 0.781, asked >= 0.80`."""
        outcome = "passed" if self.passed else "failed"
        measured = self.measured_text() if self.measured is None else f"measured {self.measured_text()}"
        return f"gate {self.name} {outcome}: {measured}, asked {self.asked}"

    def measured_text(self) -> str:
        """`0.781`, with as many digits as it takes to see why it passed or failed."""
        if self.measured is None:
            return f"undefined ({self.reason})" if self.reason else "undefined"
        if not _ASKED.fullmatch(self.asked):  # an expectation, which asks in words
            return f"{self.measured:.4g}"
        compare, limit = _parse(self.name, self.asked)
        whole = len(str(int(abs(self.measured)))) if abs(self.measured) < 1e15 else 3
        texts = (f"{self.measured:.{digits}g}" for digits in range(max(3, whole), 18))
        fair = (text for text in texts if compare(float(text), limit) == self.passed)
        return next(fair, repr(self.measured))


def gate_names(task: Task) -> tuple[str, ...]:
    """Everything that a gate of this task may ask about."""
    bounds = (f"{name}{suffix}" for name in metrics.names(task) for suffix in ("", ".low", ".high"))
    return (*bounds, *OTHER_NAMES)


def check_gates(gates: Mapping[str, str], task: Task) -> None:
    """Whether all gates can be judged later; nothing needs to be trained for that.

    Raises:
        InputError: A gate has a name that this task does not measure, or asks something unreadable.
    """
    for name, asked in gates.items():
        if name not in gate_names(task):
            raise InputError(_unknown(name, task))
        _parse(name, asked)


def judge(gates: Mapping[str, str], report: Mapping[str, Any]) -> tuple[GateResult, ...]:
    """Each gate against `report["gated"]`, in the order of the config; a missing value or NaN never passes."""
    return tuple(_judged(name, asked, report) for name, asked in gates.items())


def sentence(results: Sequence[GateResult], consequence: str = "") -> str:
    """One line: every gate that failed, or that none did; then what happens now, if the caller says so."""
    failed = [str(result) for result in results if not result.passed]
    count = len(results)
    passed = "no gates set" if not count else "the gate passed" if count == 1 else f"all {count} gates passed"
    return "; ".join([*(failed or [passed]), *([consequence] if consequence else [])])


def _judged(name: str, asked: str, report: Mapping[str, Any]) -> GateResult:
    compare, limit = _parse(name, asked)
    found = report["gated"].get(name)
    if found is None or math.isnan(found):
        return GateResult(name, None, asked, False, report.get("undefined", {}).get(name.split(".")[0], ""))
    return GateResult(name, float(found), asked, bool(compare(found, limit)))


def _parse(name: str, asked: str) -> tuple[Any, float]:
    match = _ASKED.fullmatch(asked) if isinstance(asked, str) else None
    if match is None:
        raise InputError(
            f"gates.{name} is {asked!r}, which is no comparison: "
            f'write one of {", ".join(COMPARATORS)} and a number, such as ">= 0.8"'
        )
    return COMPARATORS[match[1]], float(match[2])


def _unknown(name: str, task: Task) -> str:
    known = gate_names(task)
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    whole = ", ".join(known_name for known_name in known if not known_name.endswith((".low", ".high")))
    return (
        f"gates.{name} is nothing that a {task} model is measured by: {hint}"
        f"There are {whole}, and .low and .high of each metric's interval"
    )
