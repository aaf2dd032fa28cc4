"""The section Time and size: latency, size of the file, and what the training took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, numbers
from switchyard.evaluation.section import Context, GateSchema, Measurement, Section


class Resources(Section[Context, GateSchema]):
    """Keeps the time and memory of the training, under `training`."""

    key, title, position = "resources", "Time and size", 190
    template = Path(__file__).with_suffix(".html")
    report_key = "training"
    offers_gates = True

    def measure(self, context: Context) -> Measurement | None:
        """Copies what the training noted in the model's metadata, if it did."""
        noted = context.model.metadata.get(self.report_key)
        return Measurement(noted) if noted else None

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """See `Section.gate_schema`."""
        return {self.report_key: numbers("seconds", "peak_memory_mb", "rows")}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        return {"seconds": "seconds of training", "peak_memory_mb": "peak memory of training in MB"}.get(rest, "")

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The loss by epoch, of a network."""
        from switchyard.evaluation.report.charts import epochs

        history = report.get(self.report_key, {}).get("epochs")
        return {"epochs": epochs.epochs(history)} if history else {}

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Always."""
        return True


SECTION = Resources()
