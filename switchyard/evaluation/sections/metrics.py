"""The section Metrics: the test metrics of the best candidate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from switchyard.config.task_metrics import metrics_of
from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place, numbers, numbers_below
from switchyard.evaluation.section import Context, GateSchema, Section


class Metrics(Section[Context, GateSchema]):
    """Gates name the metrics, and what every ONNX file has, without a prefix."""

    key, title, position = "metrics", "Metrics", 10
    template = Path(__file__).with_suffix(".html")

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """See `Section.gate_schema`."""
        latency = numbers("p50", "p95", "p99")
        scores = dict.fromkeys(metrics_of(schema.task), ESTIMATE)
        return {**scores, "parity": NUMBER, "latency_ms": latency, "size_mb": NUMBER}

    def gate_values(self, report: EvaluationReport) -> dict[str, float | None]:
        """See `Section.gate_values`."""
        best = next(each for each in report.candidates if each.name == report.best)
        file = {"latency_ms": report.test.latency_ms, "parity": best.parity, "size_mb": best.size_mb}
        return dict(numbers_below("", {**report.test.metrics, **file}))

    def is_shown(self, report: EvaluationReport, charts: Mapping[str, Any]) -> bool:
        """Always."""
        return True


SECTION = Metrics()
