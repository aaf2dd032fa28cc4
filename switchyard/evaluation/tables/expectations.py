"""Expectations: what a model must do whatever its figures say, as the config's `expectations` have it.

A row must have its answer; a column may move the score one way only; two values must not be told apart (the minimum
functionality, directional and invariance tests of Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models
with CheckList", ACL 2020). Each becomes a check: rows to ask, and what the answers must be like. The same checks are
asked of the ONNX file before a release (`check_expectations`) and of the endpoint after it
(`switchyard.serving.rollout.expectations`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.tables.expectation_checks import Check, make_checks
from switchyard.evaluation.tables.scores import scores
from switchyard.statistics.metrics import Floats

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Expectations
    from switchyard.model.onnx_model import OnnxModel

ROWS = 500
SLACK = 1e-6
"""Scores are float32: so much, relative to the score (or to 1, if that is more), is no difference."""


@dataclass(frozen=True)
class Finding:
    """What the answers to a check were like.

    Attributes:
        passed: Whether it holds on every row.
        measured: The score of a row expectation; else the largest violation, 0 without one. None if it is not finite.
        violated: On how many rows it does not hold, beyond the tolerance.
        worst: Which row that is, of those asked.
        found: What the model answered there.
        expected: What it had to answer, in words.
    """

    passed: bool
    measured: float | None
    violated: int
    worst: int
    found: Any
    expected: str


def check_expectations(
    model: OnnxModel, test: pl.DataFrame, expectations: Expectations, *, seed: int, rows: int = ROWS
) -> list[dict[str, Any]]:
    """Asks the ONNX file.

    Args:
        model: The model.
        test: Raw rows that it was not trained on: what directional and invariant expectations start from.
        expectations: Of the config.
        seed: Of the rows, where there are more than `rows` to choose from.
        rows: How many rows each of these is asked about at most.

    Returns:
        By expectation, in the config's order: `name`, `kind` ("row", "directional" or "invariant"), `passed`,
        `measured` (see `Finding`), `asked` in words, `rows` (how many were asked about), `violated` (how many of
        them), `example` (the worst of these: `row`, `found`, `expected`; None if there is none) and `reason` (why
        nothing could be asked, in which case it has not passed).

    Raises:
        InputError: The model has several classes, and no label says which one's probability is the score.
    """
    return [_result(model, check) for check in make_checks(model.metadata, test, expectations, rows=rows, seed=seed)]


def examine(check: Mapping[str, Any], outputs: Mapping[str, np.ndarray], slack: float = SLACK) -> Finding:
    """Holds answers against a check.

    Args:
        check: `Check.facts`.
        outputs: Of the model, by name, for the rows of the check.
        slack: What is no difference, relative.
    """
    if check["kind"] == "row":
        return _row(check, outputs, slack)
    asked = scores(outputs, check["class"])
    before, after = asked[: check["rows"]], asked[check["rows"] :]
    sign = {"not lower": 1.0, "not higher": -1.0}.get(check["score"])
    wrong = np.abs(after - before) if sign is None else sign * (before - after)
    is_broken = ~(wrong <= check["tolerance"] + slack * np.maximum(1.0, np.abs(before)))  # NaN is broken
    worst = int(np.argmax(np.where(np.isfinite(wrong), wrong, np.inf)))
    expected = _expected(check, float(before[worst]), sign)
    found = _finite(after[worst])
    return Finding(not is_broken.any(), _largest(wrong), int(is_broken.sum()), worst, found, expected)


def _row(check: Mapping[str, Any], outputs: Mapping[str, np.ndarray], slack: float) -> Finding:
    score = float(scores(outputs, check["class"])[0])
    if check["answer"] is not None:
        found = np.asarray(outputs["label"]).reshape(-1).tolist()[0]
        passed = found == check["answer"]
        return Finding(passed, _finite(score), int(not passed), 0, found, str(check["answer"]))
    want, tolerance = check["score"], check["tolerance"]
    passed = abs(score - want) <= tolerance + slack * max(1.0, abs(want))
    return Finding(passed, _finite(score), int(not passed), 0, _finite(score), f"{want:g} within {tolerance:g}")


def _expected(check: Mapping[str, Any], before: float, sign: float | None) -> str:
    if sign is None:
        return f"{before:.6g} within {check['tolerance']:g}"
    limit = before - sign * check["tolerance"]
    return f"{'at least' if sign > 0 else 'at most'} {limit:.6g}"


def _largest(wrong: Floats) -> float | None:
    return max(0.0, float(wrong.max())) if np.isfinite(wrong).all() else None


def _finite(score: float) -> float | None:
    return float(score) if np.isfinite(score) else None


def _result(model: OnnxModel, check: Check) -> dict[str, Any]:
    facts = check.facts
    told = {key: facts[key] for key in ("name", "kind", "asked", "rows")}
    if not facts["rows"]:
        return told | {"passed": False, "measured": None, "violated": 0, "example": None, "reason": facts["reason"]}
    found = examine(facts, model.run(check.frame))
    example = None
    if not found.passed:
        example = {"row": check.row(found.worst), "found": found.found, "expected": found.expected}
    reason = "" if found.measured is not None else "the model answers NaN or infinity"
    measured = {"measured": found.measured, "violated": found.violated, "example": example, "reason": reason}
    return told | {"passed": found.passed} | measured
