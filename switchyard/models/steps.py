"""What the steps do with models of a table; `switchyard.tasks` chooses this module for its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchyard.config import Contract, Data, Features, Metrics, Reporting, Task
    from switchyard.data.dataset import Dataset


def check_gates(
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
    """See `ModelSteps.check_gates`: a group that a gate names must have test rows."""
    from switchyard.evaluation.gate_tree import Measured, groups_of, places
    from switchyard.evaluation.gates import check_gates as check

    measured = Measured(task, data, contract, features, metrics, reporting)
    check(gates, places(measured, groups_of(splits.scan("test"), splits.scan("train"), measured)))
