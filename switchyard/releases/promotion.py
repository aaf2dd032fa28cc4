"""What the promote step has decided, with everything that led to it; the deploy step and the summary read it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from switchyard.evaluation.gates.judge import GateResult
from switchyard.evaluation.verdict import Verdict
from switchyard.lineage import Base
from switchyard.records import Part, Record


class DifferenceFigures(Part):
    """A metric of both models, and how sure it is that they differ: `switchyard.statistics.difference.Difference`."""

    champion: float
    challenger: float
    effect: float
    low: float
    high: float
    p: float


class ComparisonFigures(Part):
    """How the challenger compares with the champion: `Comparison.as_dict` of `switchyard.evaluation.comparison_plan`.

    Attributes:
        difference: None if nothing could be compared.
    """

    verdict: str
    reason: str
    metric: str
    test: str
    alpha: float
    difference: Annotated[DifferenceFigures | None, BeforeValidator(lambda told: told or None)] = None
    rows: int = 0
    left_out: int = 0
    notes: tuple[str, ...] = ()
    unit: str = "row"


class Promotion(Record):
    """The verdict on the best candidate of a run.

    Attributes:
        use_case: The registered model's name.
        version: The candidate's number.
        candidate: What the config calls it.
        sha256: Of its ONNX file.
        gates: What each one measured and asked.
        base: Of an indexed model, the version whose network it has.
        champion: The version in production before this run, if any.
        production: The version in production once the endpoint has followed, if any.
        comparison: With the champion; None if there was none, or a gate failed.
        repaired: What a crashed run had left undone and this one finished, a sentence each.
        verdict: `promoted`, `champion kept`, or `refused`, which ends the run with exit code 1.
        reason: Why, in one sentence.
    """

    WHAT: ClassVar[str] = "the recorded promotion"

    use_case: str
    version: int
    candidate: str
    sha256: str
    gates: tuple[GateResult, ...]
    base: Base | None = None
    champion: int | None
    production: int | None
    comparison: ComparisonFigures | None = None
    repaired: tuple[str, ...] = ()
    verdict: Verdict
    reason: str
