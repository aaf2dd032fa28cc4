"""The section Explanations: how far each column moves the score of single rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.table_section import TableSection

_SHOWN = 10


class Explanations(TableSection):
    """Of the golden rows, which the endpoint is asked for, too."""

    key, title, position = "explanations", "Explanations", 150
    template = Path(__file__).with_suffix(".html")

    def measure(self, context: TableContext) -> Measurement:
        """See `switchyard.evaluation.tables.explanations`."""
        from switchyard.evaluation.tables.example_rows import choose
        from switchyard.evaluation.tables.explanations import BACKGROUND_ROWS, explanations

        test, inputs = context.subject.test, context.inputs
        golden = test[choose(test.select(inputs), context.wanted.golden_rows)]
        background = context.training_sample(inputs, BACKGROUND_ROWS)
        target, seed = context.data.target, context.seed
        return Measurement(explanations(context.model, golden, background=background, target=target, seed=seed))

    def rows(self, report: EvaluationReport) -> list[dict[str, Any]]:
        """Rows with their contributions by size, and how wide their bars are (per cent of the largest)."""
        rows: list[dict[str, Any]] = report.get(self.key, {}).get("rows", [])[:_SHOWN]
        largest = max((abs(value) for row in rows for value in row["contributions"].values()), default=0.0) or 1.0
        told = []
        for row in rows:
            ranked = sorted(row["contributions"].items(), key=lambda each: (-abs(each[1]), each[0]))
            parts = [
                {"column": column, "of": row["row"].get(column), "by": by, "width": round(50 * abs(by) / largest, 2)}
                for column, by in ranked
            ]
            base = row.get("base", report[self.key].get("base"))
            told.append({**row, "base": base, "label": row.get("label"), "parts": parts})
        return told


SECTION = Explanations()
