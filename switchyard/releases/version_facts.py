"""What the registry keeps beside a version as metadata."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from switchyard.evaluation.verdict import Verdict
from switchyard.lineage import Lineage
from switchyard.records import Record
from switchyard.releases.promotion import ComparisonFigures


class VersionFacts(Record):
    """What is known of a version; what its run did not live to record is None.

    Attributes:
        sha256: Of the ONNX file.
        candidate: What the config calls it.
        verdict: Of the promote step.
        reason: Why.
        champion: The version that it was compared with.
        comparison: With that version.
        lineage: Where it comes from.
    """

    model_config = ConfigDict(extra="ignore")  # whoever uses ZenML may put metadata of their own beside a version

    WHAT: ClassVar[str] = "what is recorded of a version"

    sha256: str | None = None
    candidate: str | None = None
    verdict: Verdict | None = None
    reason: str | None = None
    champion: int | None = None
    comparison: ComparisonFigures | None = None
    lineage: Lineage | None = None
