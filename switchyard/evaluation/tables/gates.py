"""What there is to gate of a model of a table; `switchyard.tasks.gates` chooses this module for its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from switchyard.evaluation.gates.judge import check_gates
from switchyard.evaluation.tables.gate_schema import Measured, groups_of, needs_data
from switchyard.evaluation.tables.gate_schema import places as places_of

if TYPE_CHECKING:
    from switchyard.config.sections import Config, Contract, Data, Features, Metrics, Reporting, Task
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.gate_names import Place

__all__ = ["needs_data"]


def places(config: Config) -> Place:
    """See `Gates.places`."""
    return places_of(Measured.of(config))


def check(
    gates: Mapping[str, str],
    splits: Dataset,
    *,
    task: Task,
    data: Data,
    contract: Contract,
    features: Features,
    metrics: Metrics,
    reporting: Reporting,
) -> None:
    """See `Gates.check`: a group that a gate names must have test rows."""
    measured = Measured(task, data, contract, features, metrics, reporting)
    check_gates(gates, places_of(measured, groups_of(splits.scan("test"), splits.scan("train"), measured)))
