"""The report of an evaluation: what was measured of the candidates and of the best one, with a form that is checked.

`report.json` holds it as JSON. A section of the report, such as `slices`, is found by its key: `report["slices"]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self, TypeVar

from switchyard.errors import InputError
from switchyard.statistics.bootstrap import Figure

REPORT_VERSION = 1
"""Of the form of `report.json`; it rises whenever a reader of the old form would misread the new one."""


T = TypeVar("T")


@dataclass(frozen=True)
class Selection:
    """How the best candidate was chosen, and how the intervals were made.

    Attributes:
        metric: The primary metric.
        higher_is_better: Whether more of it is better.
        confidence: Of the intervals, from 0 to 1.
        resamples: Of the bootstrap.
    """

    metric: str
    higher_is_better: bool
    confidence: float
    resamples: int


@dataclass(frozen=True)
class DataSummary:
    """What the rows are like.

    Attributes:
        target: The column, or `label` of images.
        rows: How many there are in the parts `validation` and `test`.
        source: What is known about the data's origin.
        subject: What the models tell, if the target's name does not say it.
        classes: Of the best candidate; None of a regression.
        positive: One of two classes.
        class_counts: Test rows by class.
        unseen_labels: Test rows by label that the candidate never saw.
        target_range: Minimum, median, mean and maximum of a regression's target.
    """

    target: str
    rows: Mapping[str, int]
    source: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None
    classes: Sequence[str] | None = None
    positive: str | None = None
    class_counts: Sequence[int] | None = None
    unseen_labels: Mapping[str, int] | None = None
    target_range: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Without the keys that do not apply."""
        found = asdict(self)
        of_classes = ("classes", "positive", "class_counts", "unseen_labels")
        absent = {name for name in ("subject", "target_range") if found[name] is None}
        return {name: value for name, value in found.items() if name not in absent | _unless(self.classes, of_classes)}


@dataclass(frozen=True)
class Candidate:
    """One candidate on validation rows.

    Attributes:
        name: As in the config.
        metrics: Estimates by metric.
        parity: The largest difference between the ONNX file and the learner it was made from.
        size_mb: Of the file.
        latency_ms: Of one row: `p50`, `p95`, `p99`.
        params: Hyperparameters.
        cv: What cross-validation found, if it ran.
        training: Seconds, peak memory and rows, if they were noted.
    """

    name: str
    metrics: Mapping[str, Figure]
    parity: float | None = None
    size_mb: float | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    cv: Any = None
    training: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Without `training` if nothing was noted."""
        return {name: value for name, value in _shallow(self).items() if name != "training" or value}


@dataclass(frozen=True)
class TestFigures:
    """The best candidate on test rows.

    Attributes:
        metrics: Estimates by metric.
        latency_ms: Of one row: `p50`, `p95`, `p99`.
        confusion: Counts, one row a true class and one column an answered class.
        roc: Points by class; None where a class has no curve.
        pr: Likewise, precision and recall.
        residuals: Of a regression.
    """

    __test__ = False  # pytest takes every class called Test… for a test

    metrics: Mapping[str, Figure]
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    confusion: Sequence[Sequence[int]] | None = None
    roc: Mapping[str, Any] | None = None
    pr: Mapping[str, Any] | None = None
    residuals: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Without what the task does not have."""
        return {name: value for name, value in _shallow(self).items() if value is not None}


@dataclass(frozen=True)
class EvaluationReport:
    """Everything that an evaluation found.

    Attributes:
        name: The use case.
        task: As in the config.
        unit: What a row is, such as `row` or `image`.
        best: The name of the best candidate.
        selection: How it was chosen.
        data: What the rows are like.
        candidates: Every candidate on validation rows.
        test: The best one on test rows.
        undefined: Why a metric has no value, by metric.
        warnings: What a reader must know.
        sections: What each section found, by its key.
        gated: The gate namespace: every number that a gate can name.
        gates: The results of the gates, once they were judged; see `GateResult`.
    """

    name: str | None
    task: str
    unit: str
    best: str
    selection: Selection
    data: DataSummary
    candidates: Sequence[Candidate]
    test: TestFigures
    undefined: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)
    gated: Mapping[str, float | None] = field(default_factory=dict)
    gates: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def of(cls, report: EvaluationReport | Mapping[str, Any]) -> EvaluationReport:
        """The report as it is, or read from the JSON of `report.json`.

        Raises:
            InputError: Its form is that of a later version of the program.
        """
        if isinstance(report, EvaluationReport):
            return report
        version = report.get("report_version", REPORT_VERSION)
        if version != REPORT_VERSION:
            raise InputError(
                f"the report has the form {version}, but this program reads form {REPORT_VERSION}: "
                "use the version of the program that wrote it"
            )
        own = {each.name for each in fields(cls)} - {"sections"}
        plain = {name: value for name, value in report.items() if name in own}
        return cls(
            **{"name": None, "unit": "row", **plain}
            | {
                "selection": _read(Selection, report["selection"]),
                "data": _read(DataSummary, report["data"]),
                "candidates": tuple(_read(Candidate, each) for each in report["candidates"]),
                "test": _read(TestFigures, report["test"]),
                "sections": {key: each for key, each in report.items() if key not in own | {"report_version"}},
            }
        )

    def to_json(self) -> dict[str, Any]:
        """What `report.json` holds; a section stands beside the rest, under its key."""
        own = {name: value for name, value in _shallow(self).items() if name != "sections"}
        if self.gates is None:
            del own["gates"]
        return {
            "report_version": REPORT_VERSION,
            **own,
            "selection": asdict(self.selection),
            "data": self.data.to_json(),
            "candidates": [each.to_json() for each in self.candidates],
            "test": self.test.to_json(),
            "warnings": list(self.warnings),
            **self.sections,
        }

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - each section has a form of its own
        """What a section found."""
        return self.sections[key]

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - each section has a form of its own
        """What a section found, if the report has it."""
        return self.sections.get(key, default)

    def with_sections(self, **found: Any) -> Self:  # noqa: ANN401 - each section has a form of its own
        """A copy with further sections."""
        return replace(self, sections={**self.sections, **found})


def _unless(value: object, names: Sequence[str]) -> set[str]:
    return set(names) if value is None else set()


def _shallow(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the classes above
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _read(kind: type[T], found: Mapping[str, Any]) -> T:
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in found.items() if name in known})
