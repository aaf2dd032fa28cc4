"""The section Calibration: whether a probability of 0.7 comes true seven times in ten."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from switchyard.config.task_metrics import is_classification
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, Place
from switchyard.evaluation.section import Context, GateSchema, Measurement, Section


class Calibration(Section[Context, GateSchema]):
    """Of every model that answers with probabilities."""

    key, title, position = "calibration", "Calibration", 50
    template = Path(__file__).with_suffix(".html")
    offers_gates = True

    def measure(self, context: Context) -> Measurement | None:
        """See `switchyard.evaluation.calibration`."""
        from switchyard.evaluation.calibration import calibration

        answers = context.answers
        if answers is None or not answers.classes:
            return None
        return Measurement(calibration(answers, context.metrics, context.seed))

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """The expected calibration error."""
        return {self.key: Place(below={"ece": ESTIMATE})} if is_classification(schema.task) else {}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        return "expected calibration error" if rest == "ece" else ""

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The observed against the predicted share, by bin."""
        from switchyard.evaluation.report.charts import curves

        bins = report.get(self.key, {}).get("bins")
        return {"calibration": curves.calibration(bins)} if bins else {}


SECTION = Calibration()
