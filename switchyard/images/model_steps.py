"""What the steps do with models of images; `switchyard.tasks` chooses this module for their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from switchyard.data.dataset import Dataset


def check_gates(gates: Mapping[str, str], splits: Dataset, **given: Any) -> None:  # noqa: ANN401 - see `ModelSteps`
    """See `ModelSteps.check_gates`: what there is to gate follows from the config, so preflight has looked."""
    del gates, splits, given
