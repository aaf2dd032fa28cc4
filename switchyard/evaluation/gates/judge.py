"""Gates: what a model must measure on the test rows before anything is promoted or deployed.

The config writes them as `roc_auc: ">= 0.80"`. `check_gates` reads them before anything is trained; what there is to
gate is known to `gate_tree`. `judge` compares them with the report of this very model, `sentence` says it in one line.
What passes them all has to beat the champion: see `comparison`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from switchyard.errors import InputError
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, problem
from switchyard.evaluation.gates.descriptions import describe

COMPARATORS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
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
        words: What the name stands for; empty where the name says it.
    """

    name: str
    measured: float | None
    asked: str
    passed: bool
    reason: str = ""
    words: str = ""

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


def check_gates(gates: Mapping[str, str], root: Place) -> None:
    """Whether all gates can be judged later; nothing needs to be trained for that.

    Args:
        gates: As in the config.
        root: What there will be to gate, from `gate_tree.places`.

    Raises:
        InputError: A gate names nothing in the report, or asks something unreadable.
    """
    for name, asked in gates.items():
        if wrong := problem(name, root):
            raise InputError(f"gates.{name} names nothing in the report: {wrong}")
        _parse(name, asked)


def judge(gates: Mapping[str, str], report: EvaluationReport | Mapping[str, Any]) -> tuple[GateResult, ...]:
    """Each gate against the gate namespace of the report (or of its JSON); a missing value or NaN never passes."""
    found = EvaluationReport.of(report)
    return tuple(_judged(name, asked, found) for name, asked in gates.items())


def expectations_as_gates(results: Sequence[Mapping[str, Any]]) -> tuple[GateResult, ...]:
    """What a report says of expectations as gates: one that has failed stops a promotion like any other."""
    return tuple(
        GateResult(f"expectations.{each['name']}", each["measured"], each["asked"], each["passed"], each["reason"])
        for each in results
    )


def sentence(results: Sequence[GateResult], consequence: str = "") -> str:
    """One line: every gate that failed, or that none did; then what happens now, if the caller says so."""
    failed = [str(result) for result in results if not result.passed]
    count = len(results)
    passed = "no gates set" if not count else "the gate passed" if count == 1 else f"all {count} gates passed"
    return "; ".join([*(failed or [passed]), *([consequence] if consequence else [])])


def _judged(name: str, asked: str, report: EvaluationReport) -> GateResult:
    compare, limit = _parse(name, asked)
    found, words = report.gated.get(name), describe(name, report)
    if found is None or math.isnan(found):
        reason = report.undefined.get(name.split(".")[0], "no value on these rows" if words else "")
        return GateResult(name, None, asked, False, reason, words)
    return GateResult(name, float(found), asked, bool(compare(found, limit)), words=words)


def _parse(name: str, asked: str) -> tuple[Any, float]:
    match = _ASKED.fullmatch(asked) if isinstance(asked, str) else None
    if match is None:
        raise InputError(
            f"gates.{name} is {asked!r}, which is no comparison: "
            f'write one of {", ".join(COMPARATORS)} and a number, such as ">= 0.8"'
        )
    return COMPARATORS[match[1]], float(match[2])
