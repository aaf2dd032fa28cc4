"""The section Importances: what the primary metric loses when a column is shuffled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, Place
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.gate_schema import TableGates
from switchyard.evaluation.tables.table_section import TableSection

CHART_LINES = 24  # more bars than that are no chart any more; the table has the rest


class Importances(TableSection):
    """Of each column that the model reads."""

    key, title, position = "importances", "Importances", 140
    template = Path(__file__).with_suffix(".html")
    offers_gates = True

    def measure(self, context: TableContext) -> Measurement:
        """See `switchyard.evaluation.tables.importances`."""
        from switchyard.evaluation.tables.importances import importances

        return Measurement(
            importances(
                context.model,
                context.subject.test,
                data=context.data,
                task=context.task,
                metrics=context.metrics,
                settings=context.reporting.importances,
                seed=context.seed,
            )
        )

    def gate_schema(self, schema: TableGates) -> Mapping[str, Place]:
        """By feature."""
        return {self.key: Place(below={feature.name: ESTIMATE for feature in schema.resolved_features})}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        return f"loss of {report.selection.metric} when {rest} is shuffled"

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The most important columns."""
        from switchyard.evaluation.report.charts.dots import Line, dots

        primary = report.selection.metric
        ranked = [each for each in self.ranked(report) if each[1]["value"] is not None][:CHART_LINES]
        if not ranked:
            return {}
        lines = [Line(column, estimate) for column, estimate in ranked]
        label = f"loss of {primary} by shuffled column; the largest is that of {ranked[0][0]}"
        return {"importances": dots(lines, f"loss of {primary}", label, bars=True)}

    def ranked(self, report: EvaluationReport) -> list[tuple[str, dict[str, Any]]]:
        """Columns by their importance, the highest first."""
        found: dict[str, dict[str, Any]] = report.get(self.key, {})
        return sorted(found.items(), key=lambda each: (each[1]["value"] is None, -(each[1]["value"] or 0.0), each[0]))


SECTION = Importances()
