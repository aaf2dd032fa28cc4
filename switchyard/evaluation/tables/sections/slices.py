"""The section Slices: the metrics of groups of test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from switchyard.config.task_metrics import metrics_of
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place, groups
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.gate_schema import TableGates
from switchyard.evaluation.tables.table_section import TableSection

CHART_LINES = 24  # more dots than that are no chart any more; the table below has the rest


@dataclass(frozen=True)
class Slice:
    """One group of test rows.

    Attributes:
        name: `sex: female`, as gates call it.
        label: The same with the range in place of `q1`.
        about: Such as the range of a quartile.
        rows: How many.
        small: Fewer than the config asks for: figures that say little.
        found: Estimates by metric.
        gap: How much worse than all test rows it is by the primary metric; None without a value.
        apart: Whether its interval leaves out the value of all test rows.
    """

    name: str
    label: str
    about: str
    rows: int
    small: bool
    found: dict[str, dict[str, Any]]
    gap: float | None
    apart: bool


class Slices(TableSection):
    """The groups of single columns, and of the pairs that the config names."""

    key, title, position = "slices", "Slices", 120
    template = Path(__file__).with_suffix(".html")
    offers_gates = True
    needs_data = ("slices.",)
    table_rows: ClassVar[int] = 200

    def measure(self, context: TableContext) -> Measurement:
        """See `switchyard.evaluation.tables.slices`."""
        from switchyard.evaluation.tables.slices import slices

        settings, columns = context.reporting.slices, context.sliced_columns
        sliced = slices(context.answers, context.groups, columns, settings, context.metrics, context.seed)
        return Measurement(sliced.section, tuple(sliced.notes))

    def gate_schema(self, schema: TableGates) -> Mapping[str, Place]:
        """By column and group; by pair of columns and pair of groups."""
        figures = Place(below={"rows": NUMBER, **dict.fromkeys(metrics_of(schema.task), ESTIMATE)})
        below = {name: groups(schema.groups_in(name), figures) for name in schema.sliced_columns}
        for pair in schema.reporting.slices.pairs:
            name = "*".join(pair)
            each = [schema.known_groups(column) for column in pair]
            known = None if None in each else ["*".join(values) for values in product(*(one or () for one in each))]
            below[name] = groups(known if schema.groups is None else schema.groups.get(name, ()), figures)
        return {self.key: Place(below=below)}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        for column, found_groups in report[self.key].items():
            for group, found in found_groups.items():
                if not rest.startswith(f"{column}.{group}."):
                    continue
                what = rest.removeprefix(f"{column}.{group}.")
                where = f"where {column} is {found.get('range') or group}"
                if what == "rows":
                    return f"test rows {where}"
                small = ", which are few" if found.get("small") else ""
                return f"{what} of the {found['rows']:,} test rows {where}{small}"
        return ""

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The primary metric of the worst slices."""
        from switchyard.evaluation.report.charts.dots import Line, dots

        primary, whole = report.selection.metric, report.test.metrics
        worst = [each for each in self.rows(report) if each.gap is not None and not each.small][:CHART_LINES]
        if not worst:
            return {}
        lines = [Line(each.label, each.found[primary], each.apart) for each in worst]
        compared = f"{primary} of {len(lines)} slices against that of all test {report.unit}s"
        label = f"{compared}; the worst is {worst[0].label}"
        return {"slices": dots(lines, primary, label, reference=whole[primary]["value"])}

    def rows(self, report: EvaluationReport) -> list[Slice]:
        """Every slice: the worst by the primary metric first, then the small ones, then those without a value."""
        listed = [
            _slice(report, column, name, found)
            for column, found_groups in report.get(self.key, {}).items()
            for name, found in found_groups.items()
            if found["rows"]
        ]
        return sorted(listed, key=lambda each: (each.gap is None, each.small, -(each.gap or 0.0), each.name))

    def worst(self, report: EvaluationReport) -> Slice | None:
        """The slice that is furthest behind, of those with enough rows."""
        first = next(iter(self.rows(report)), None)
        return first if first and first.gap is not None and first.gap > 0 and not first.small else None


def _slice(report: EvaluationReport, column: str, name: str, found: dict[str, Any]) -> Slice:
    selection, overall = report.selection, report.test.metrics
    figures = {metric: found[metric] for metric in overall if metric in found}
    primary, whole = figures.get(selection.metric), overall[selection.metric]["value"]
    gap, apart = None, False
    if primary and primary["value"] is not None and whole is not None:
        gap = (whole - primary["value"]) * (1 if selection.higher_is_better else -1)
        apart = primary["low"] is not None and not primary["low"] <= whole <= primary["high"]
    about = found.get("range") or ""
    label = f"{column}: {about or name}"
    return Slice(f"{column}: {name}", label, about, found["rows"], bool(found.get("small")), figures, gap, apart)


SECTION = Slices()
