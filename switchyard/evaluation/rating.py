"""What the report says of each candidate, and which of them is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from switchyard.config.sections import Metrics
from switchyard.errors import InputError
from switchyard.evaluation.evaluation_report import Candidate, Selection
from switchyard.statistics import metrics as definitions
from switchyard.statistics.bootstrap import Figure

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel


def selection(metrics: Metrics) -> Selection:
    """How the best was chosen and how the intervals were made."""
    higher_is_better = metrics.primary not in definitions.LOWER_IS_BETTER
    return Selection(metrics.primary, higher_is_better, metrics.confidence, metrics.bootstrap)


def rated_as(model: OnnxModel, found: Mapping[str, Figure], latency: Mapping[str, float]) -> Candidate:
    """A candidate's entry in the report.

    Args:
        model: The candidate.
        found: Estimates by metric, on validation rows.
        latency: From `latency_ms`.
    """
    metadata = model.metadata
    return Candidate(
        name=metadata["candidate"],
        metrics=found,
        parity=_parity(metadata.get("parity")),
        size_mb=model.size / 1e6,
        latency_ms=latency,
        params=metadata.get("params") or {},
        cv=metadata.get("cv"),
        training=metadata.get("training"),
    )


def best_of(rated: Sequence[Candidate], primary: str, unit: str = "row") -> int:
    """The position of the best candidate; one without a value of the primary metric never is, unless alone.

    Of equals the smaller file wins, then the first name.

    Raises:
        InputError: There are several, and none has a value.
    """
    sign = 1 if primary in definitions.LOWER_IS_BETTER else -1
    values = [each.metrics[primary]["value"] for each in rated]
    defined = [position for position, value in enumerate(values) if value is not None]
    if not defined and len(rated) > 1:
        raise InputError(
            f"metrics.primary {primary} has no value for any candidate on validation {unit}s: choose another"
        )
    return min(defined or [0], key=lambda i: (sign * (values[i] or 0.0), rated[i].size_mb or 0.0, rated[i].name))


def _parity(parity: object) -> float | None:
    """The largest difference from the fitted learner, which a metadata may carry with details around it."""
    value = parity.get("max_difference") if isinstance(parity, dict) else parity
    return float(value) if isinstance(value, (int, float)) else None
