"""What came out of a run, as plain data; no ZenML here, since an unchanged run is shown without it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from switchyard.evaluation.gates.judge import GateResult
from switchyard.records import Part, Record
from switchyard.releases.promotion import ComparisonFigures
from switchyard.serving.rollout.deployer import Endpoint


class OutcomeData(Part):
    """The data of a run.

    Attributes:
        uri: Of the source.
        rows: How many there are; None if nobody has counted them.
        unit: What a row is, for sentences.
        fingerprint: Of the source's contents.
    """

    uri: str
    rows: int | None
    unit: str
    fingerprint: str


class Figure(Part):
    """A metric with its interval; None: it has no value on these rows."""

    model_config = ConfigDict(extra="ignore")  # the report says more about it than a summary shows

    value: float | None = None
    low: float | None = None
    high: float | None = None


class OutcomeCandidate(Part):
    """A column of the table of candidates.

    Attributes:
        name: What the config calls it, and where it was measured if not on validation rows.
        metrics: By name.
        best: Whether it is the best one.
    """

    name: str
    metrics: dict[str, Figure]
    best: bool


class Outcome(Record):
    """The last lines that a user reads, and what a later run needs to know whether anything has changed.

    Attributes:
        run: The run's name.
        use_case: The config's name.
        data: What was read.
        candidates: The best one first.
        primary: The metric that decides between them.
        gates: Measured against asked.
        comparison: With the champion; None without one.
        verdict: In one sentence.
        version: Of the model, if one was registered.
        champion: The version in production after the run, if any.
        endpoint: None if nothing is served.
        repaired: What a crashed run had left undone and this one finished, a sentence each.
        links: Exact commands by what they open.
        artifacts: URIs of everything that a later run would take from the cache.
    """

    model_config = ConfigDict(extra="ignore")  # a later version may keep more in the same format

    WHAT: ClassVar[str] = "the outcome of the last run"

    run: str
    use_case: str
    data: OutcomeData
    candidates: tuple[OutcomeCandidate, ...] = ()
    primary: str = ""
    gates: tuple[GateResult, ...] = ()
    comparison: ComparisonFigures | None = None
    verdict: str = ""
    version: int | None = None
    champion: int | None = None
    endpoint: Endpoint | None = None
    repaired: tuple[str, ...] = ()
    links: dict[str, str] = Field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
