"""What came out of a run, as plain data; no ZenML here, since an unchanged run is told without it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Outcome:
    """The last lines that a user reads, and what a later run needs to know whether anything has changed.

    Attributes:
        run: The run's name.
        use_case: The config's name.
        data: URI, rows and fingerprint, and as `unit` what a row is.
        candidates: Name, metrics with intervals; the best one first.
        gates: Measured against asked.
        comparison: With the champion, see `switchyard.evaluation.tables.comparison.Comparison`; empty without one.
        verdict: In one sentence.
        version: Of the model, if one was registered.
        champion: The version in production after the run, if any.
        endpoint: See `switchyard.serving.rollout.deployer.Endpoint`; empty if nothing is served.
        repaired: What a run that died had left undone in production, and this one did; a sentence each.
        links: Exact commands by what they open.
        artifacts: URIs of everything that a later run would take from the cache.
    """

    run: str
    use_case: str
    data: dict[str, Any]
    candidates: list[dict[str, Any]] = field(default_factory=list)
    primary: str = ""
    gates: list[dict[str, Any]] = field(default_factory=list)
    comparison: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""
    version: int | None = None
    champion: int | None = None
    endpoint: dict[str, Any] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    artifacts: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)
