"""The section Thresholds and costs of a model with two classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from switchyard.config.task_metrics import is_classification
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, numbers
from switchyard.evaluation.section import Context, GateSchema, Measurement, Section


class Thresholds(Section[Context, GateSchema]):
    """What each threshold on the probability of the positive class costs."""

    key, title, position = "thresholds", "Thresholds and costs", 100
    template = Path(__file__).with_suffix(".html")
    offers_gates = True
    needs_data = ("thresholds.",)

    def measure(self, context: Context) -> Measurement | None:
        """See `switchyard.evaluation.thresholds`."""
        from switchyard.evaluation.thresholds import thresholds

        answers = context.answers
        if answers is None or answers.positive is None:
            return None
        return Measurement(thresholds(answers, context.costs))

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """The cheapest threshold, the default one, and the costs themselves."""
        if not is_classification(schema.task) or schema.class_count not in (2, None):
            return {}
        chosen = numbers("threshold", "cost")
        costs = numbers("false_positive", "false_negative", "true_positive", "true_negative")
        return {self.key: Place(below={"lowest_cost": chosen, "default": chosen, "costs": costs})}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        which, _, what = rest.partition(".")
        unit, at = report.unit, report[self.key].get(which, {}).get("threshold")
        if which == "lowest_cost":
            at_least = f"lowest mean cost per {unit}, at threshold {at:.3g}"
            return at_least if what == "cost" else "threshold of the lowest cost"
        return f"mean cost per {unit} at threshold {at:.3g}" if which == "default" and what == "cost" else ""

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The mean cost by threshold."""
        from switchyard.evaluation.report.charts import costs

        found = report.get(self.key, {})
        return {"costs": costs.costs(found, report.unit)} if found.get("rows") else {}


SECTION = Thresholds()
