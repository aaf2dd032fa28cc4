"""The section Fairness: selection rates and true positive rates of the groups of sensitive columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from switchyard.config.task_metrics import is_classification
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place, groups
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.gate_schema import TableGates
from switchyard.evaluation.tables.table_section import TableSection


class Fairness(TableSection):
    """Of two classes, if the config names sensitive columns."""

    key, title, position = "fairness", "Fairness", 130
    template = Path(__file__).with_suffix(".html")
    offers_gates = True
    needs_data = ("fairness.",)

    def measure(self, context: TableContext) -> Measurement | None:
        """See `switchyard.evaluation.tables.fairness`."""
        from switchyard.evaluation.tables.fairness import fairness

        sensitive = {name: context.groups[name] for name in context.reporting.sensitive}
        if context.answers.positive is None or not sensitive:
            return None
        settings = context.reporting.slices
        return Measurement(fairness(context.answers, sensitive, settings, context.metrics, context.seed))

    def gate_schema(self, schema: TableGates) -> Mapping[str, Place]:
        """By column the differences, and the rates of each group."""
        sensitive = schema.reporting.sensitive
        if not is_classification(schema.task) or schema.class_count not in (2, None) or not sensitive:
            return {}
        figures = Place(below={"rows": NUMBER, "selection_rate": ESTIMATE, "true_positive_rate": ESTIMATE})
        differences = dict.fromkeys(("selection_rate_difference", "equal_opportunity_difference"), ESTIMATE)
        below = {
            column: Place(below={"groups": groups(schema.groups_in(column), figures), **differences})
            for column in sensitive
        }
        return {self.key: Place(below=below)}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        for column, found in report[self.key].items():
            what = rest.removeprefix(f"{column}.")
            if what == "selection_rate_difference":
                return f"difference between the selection rates of the groups of {column}"
            if what == "equal_opportunity_difference":
                return f"difference between the true positive rates of the groups of {column}"
            for group in found["groups"]:
                if what.startswith(f"groups.{group}."):
                    return f"{what.rpartition('.')[2].replace('_', ' ')} of {column} {group}"
        return ""


SECTION = Fairness()
