"""Two versions that are compared side by side, and what a comparison says about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.comparison_plan import Comparison
from switchyard.model.onnx_model import OnnxModel

if TYPE_CHECKING:
    from switchyard.data.training_rows import TrainingRows


@dataclass(frozen=True)
class Entrant:
    """A version that is compared.

    Attributes:
        name: What the sentences call it, such as "version 3".
        model: The ONNX file and its metadata.
        seen: What it was trained on; None if that is not on record.
    """

    name: str
    model: OnnxModel
    seen: TrainingRows | None


def beside(comparison: Comparison, first: str, second: str, notes: Sequence[str]) -> dict[str, Any]:
    """What a comparison says of two versions that are neither champion nor challenger.

    Args:
        comparison: With the first one in the champion's place.
        first: Its name.
        second: The name of the other.
        notes: What has to be said beside the comparison's own.
    """
    better = {"promote": second, "keep champion": first}.get(comparison.verdict)
    return {
        "comparison": _told(comparison),
        "better": better,
        "notes": list(dict.fromkeys([*comparison.notes, *notes])),
        "verdict": f"{f'{better} is better' if better else 'too close to call'}: {comparison.reason}",
    }


def told(model: OnnxModel) -> dict[str, Any]:
    """What is known of a version without asking it."""
    kept: Sequence[str] = ("candidate", "type", "sha256")
    about: dict[str, Any] = {key: model.metadata[key] for key in kept if key in model.metadata}
    inputs = [spec["name"] for spec in model.metadata["inputs"]]
    return about | {"inputs": inputs, "size_mb": model.size / 1e6, "facts": {"columns": ", ".join(inputs)}}


def _told(comparison: Comparison) -> dict[str, Any]:
    """Without the roles: neither version is the champion here."""
    told = comparison.as_dict()
    figures = told["difference"]
    if figures:
        figures = {"first": figures.pop("champion"), "second": figures.pop("challenger"), **figures}
    kept: Sequence[str] = ("metric", "test", "alpha", "rows", "reason")
    return {**{key: told[key] for key in kept}, "difference": figures}
