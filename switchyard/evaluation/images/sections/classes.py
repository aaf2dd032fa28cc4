"""The section Classes: recall and precision of each class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from switchyard.evaluation.evaluation_report import EvaluationReport
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place, groups
from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.gate_schema import ImageGates
from switchyard.evaluation.images.image_section import ImageSection
from switchyard.evaluation.section import Measurement


class Classes(ImageSection):
    """Of each class that the model knows."""

    key, title, position = "classes", "Classes", 70
    template = Path(__file__).with_suffix(".html")
    offers_gates = True
    needs_data = ("classes.",)
    table_rows: ClassVar[int] = 200

    def measure(self, context: ImageContext) -> Measurement:
        """See `switchyard.evaluation.images.class_table`."""
        from switchyard.evaluation.images.class_table import class_table

        return Measurement(class_table(context.predictions, context.subject.classes, context.metrics.confidence))

    def gate_schema(self, schema: ImageGates) -> Mapping[str, Place]:
        """By class."""
        figures = Place(below={"rows": NUMBER, "recall": ESTIMATE, "precision": ESTIMATE})
        return {self.key: groups(schema.classes, figures)}

    def describe_gate(self, rest: str, report: EvaluationReport) -> str:
        """See `Section.describe_gate`."""
        label, _, what = rest.rpartition(".")
        rows = report[self.key].get(label, {}).get("rows")
        if rows is None:
            return ""
        return f"test images of class {label}" if what == "rows" else f"{what} of class {label}, {rows:,} test images"

    def rows(self, report: EvaluationReport) -> list[tuple[str, dict[str, Any]]]:
        """Classes by their recall, the lowest first, those without an image last."""
        found: dict[str, dict[str, Any]] = report.get(self.key, {})
        return sorted(
            found.items(), key=lambda each: (each[1]["recall"]["value"] is None, each[1]["recall"]["value"] or 0.0)
        )


SECTION = Classes()
