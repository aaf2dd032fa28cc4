"""The section Stability: how much the primary metric varies with the seed of the training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import Place, numbers
from switchyard.evaluation.section import Context, GateSchema, Measurement, Section


class Stability(Section[Context, GateSchema]):
    """Shows what the training noted in the model's metadata."""

    key, title, position = "stability", "Stability", 170
    template = Path(__file__).with_suffix(".html")
    offers_gates = True

    def measure(self, context: Context) -> Measurement | None:
        """Copies the note, if the training took further seeds."""
        noted = context.model.metadata.get(self.key)
        return Measurement(noted) if noted else None

    def gate_schema(self, schema: GateSchema) -> Mapping[str, Place]:
        """Mean, standard deviation and range of the seeds."""
        return {self.key: numbers("mean", "std", "low", "high")} if schema.seeds else {}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        about = report[self.key]
        what = {"std": "standard deviation", "low": "lowest", "high": "highest"}.get(rest, rest)
        return f"{what} of {about['metric']} with {len(about['seeds'])} seeds"

    def charts(self, report: EvaluationReport) -> Mapping[str, str]:
        """The metric of each seed."""
        from switchyard.evaluation.report.charts.dots import seeds

        about = report.get(self.key, {})
        if not about.get("values"):
            return {}
        return {"stability": seeds(about["values"], about["seeds"], about["metric"], about.get("mean"))}


SECTION = Stability()
