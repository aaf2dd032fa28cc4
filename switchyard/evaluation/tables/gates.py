"""What there is to gate of a model of a table; `switchyard.tasks.gates.Gates` says what each is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchyard.config.sections import Metrics
from switchyard.evaluation.gates.judge import check_gates
from switchyard.evaluation.tables.gate_schema import Measured, groups_of, needs_data
from switchyard.evaluation.tables.gate_schema import places as places_of

if TYPE_CHECKING:
    from switchyard.config.recipes import TablePreprocess
    from switchyard.config.sections import Config
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.gate_names import Place

__all__ = ["needs_data"]


def places(config: Config) -> Place:
    """See `Gates.places`."""
    return places_of(Measured.of(config))


def check(splits: Dataset, recipe: TablePreprocess) -> None:
    """See `Gates.check`: a group that a gate names must have test rows."""
    asked = recipe.row_gates
    assert asked is not None, "the step asks only if there are some"
    metrics = Metrics(primary=asked.primary)
    measured = Measured(recipe.task, recipe.data, recipe.contract, asked.features, metrics, asked.evaluation)
    check_gates(asked.gates, places_of(measured, groups_of(splits.scan("test"), splits.scan("train"), measured)))
