"""The section Robustness of a table: missing values, noise on numbers, unknown categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place
from switchyard.evaluation.section import Measurement
from switchyard.evaluation.sections.robustness import Robustness
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.gate_schema import TableGates


class TableRobustness(Robustness[TableContext, TableGates]):
    """See `Robustness`."""

    kinds: ClassVar[frozenset[str] | None] = frozenset({"tables"})

    def measure(self, context: TableContext) -> Measurement:
        """See `switchyard.evaluation.tables.robustness`."""
        from switchyard.evaluation.tables.changed_rows import ChangedRows
        from switchyard.evaluation.tables.robustness import robustness

        model, primary = context.model, context.metrics.primary
        rows = ChangedRows(model, context.subject.test, context.data, context.task, primary)
        settings, categorical = context.reporting.robustness, context.wanted.features.categorical or ()
        given: dict[str, Any] = {"settings": settings, "categorical": categorical}
        return Measurement(robustness(rows, metrics=context.metrics, seed=context.seed, **given))

    def gate_schema(self, schema: TableGates) -> Mapping[str, Place]:
        """The perturbations that apply to some column."""
        from switchyard.evaluation.tables.robustness import kinds

        figures = {schema.primary: ESTIMATE, **dict.fromkeys(("loss", "loss_low", "loss_high"), NUMBER)}
        types, features = schema.contract.columns, schema.resolved_features
        has_numbers = any(each.kind == "numeric" and types[each.name].type != "boolean" for each in features)
        has_categories = any(each.kind == "categorical" for each in features)
        names = kinds(text=has_categories, numbers=has_numbers)
        return {self.key: Place(below=dict.fromkeys(names, Place(below=figures)))}


SECTION = TableRobustness()
