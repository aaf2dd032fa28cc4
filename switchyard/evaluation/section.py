"""A section of the report: one class says what it measures, what gates may name, and how the page shows it.

Add a section with three files: a module with the class and `SECTION`, an instance of it, in a `sections` folder
(`evaluation/sections` for all kinds of data, `evaluation/KIND/sections` for one), a template with the same name beside
it, and a test. `section_registry` finds it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, numbers_below

if TYPE_CHECKING:
    from switchyard.config.sections import Costs, Metrics
    from switchyard.evaluation.scoring import Answers
    from switchyard.model.onnx_model import OnnxModel


class Context(Protocol):
    """What every section can measure, whatever the kind of data."""

    @property
    def model(self) -> OnnxModel:
        """The best candidate: the ONNX file and its metadata."""

    @property
    def answers(self) -> Answers | None:
        """Its answers to the test rows; None if they are neither classes nor numbers."""

    @property
    def metrics(self) -> Metrics:
        """The primary metric, and the resamples and confidence of the intervals."""

    @property
    def costs(self) -> Costs:
        """The config's `evaluation.costs`."""

    @property
    def seed(self) -> int:
        """Seed for everything random."""


class GateSchema(Protocol):
    """What decides which numbers a report will have, before anything is measured."""

    @property
    def task(self) -> str:
        """The config's task."""

    @property
    def primary(self) -> str:
        """The primary metric."""

    @property
    def class_count(self) -> int | None:
        """How many classes the model will know; None if that is not known yet."""

    @property
    def seeds(self) -> int:
        """With how many further seeds the best candidate is trained."""

    @property
    def contract_counts(self) -> tuple[str, ...]:
        """What the validation counts."""


@dataclass(frozen=True)
class Measurement:
    """What a section found.

    Attributes:
        value: Goes into the report under the section's `report_key`; JSON-able.
        notes: What a reader must know about it, for the report's warnings.
    """

    value: Any
    notes: tuple[str, ...] = ()


ContextT = TypeVar("ContextT", bound=Context, contravariant=True)
SchemaT = TypeVar("SchemaT", bound=GateSchema, contravariant=True)


class Section(Generic[ContextT, SchemaT]):
    """One section; a subclass overrides what it needs.

    Attributes:
        key: The name of the section, and its anchor on the page.
        title: As the navigation of the page calls it.
        position: Where it stands on the page, counted from the top; unique.
        template: The Jinja template; it sees `report`, `section` (this object), `charts`, `primary`, `unit` and the
            macros as `m`.
        kinds: The kinds of data that it is measured for; None means all.
        report_key: Where the report keeps what was measured; `key` unless stated.
        offers_gates: Whether gates may name the numbers under `report_key`.
        needs_finite_answers: Whether it is left out for a model that answers NaN or infinity.
        needs_data: Prefixes of gate names that only the rows can confirm.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    position: ClassVar[int]
    template: ClassVar[Path]
    kinds: ClassVar[frozenset[str] | None] = None
    report_key: ClassVar[str]
    offers_gates: ClassVar[bool] = False
    needs_finite_answers: ClassVar[bool] = True
    needs_data: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """The report keeps a section under its key unless the class says otherwise."""
        super().__init_subclass__()
        if not hasattr(cls, "report_key") and hasattr(cls, "key"):
            cls.report_key = cls.key

    def measure(self, context: ContextT) -> Measurement | None:
        """Measures the best candidate on the test rows; None if the task or the config does not call for it."""

    def gate_schema(self, schema: SchemaT) -> Mapping[str, Place]:
        """The names that gates may use, by their first part; empty if there will be none."""
        return {}

    def gate_values(self, report: EvaluationReport) -> dict[str, float | None]:
        """The numbers of a report that gates can name; None means that it has no value on these rows."""
        found = report.get(self.report_key)
        return dict(numbers_below(self.report_key, found)) if self.offers_gates and found is not None else {}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """What a gate's name stands for.

        Args:
            rest: The name without `report_key` at its start.
            report: With this section.

        Returns:
            A phrase; empty if the name says it.
        """
        return ""

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """SVG by name, for as many charts as the figures allow."""
        return {}

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Whether the page has this section.

        Args:
            report: Of an evaluation.
            charts: Every chart of the page, by name.
        """
        return bool(report.get(self.report_key))
