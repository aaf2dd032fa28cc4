"""Where along the target a regression errs: its errors by decile of the true value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from switchyard.evaluation.scoring import Answers

PARTS = 10


def deciles(answers: Answers) -> list[dict[str, Any]]:
    """Errors by decile.

    Args:
        answers: Of a regression, at least one row, all values finite.

    Returns:
        Rising by true value, each with its `low` and `high` (both occur), `n`, `mae`, `rmse` and `bias` (mean of
        predicted minus true), all in the target's unit. Rows of equal value share a decile, so there may be fewer.
    """
    truth, error = answers.truth, answers.predicted - answers.truth
    edges = np.quantile(truth, np.linspace(0, 1, PARTS + 1)[1:-1])
    part = np.searchsorted(edges, truth, side="left")
    found = []
    for each in np.unique(part):
        of_part = part == each
        values, errors = truth[of_part], error[of_part]
        found.append(
            {
                "low": float(values.min()),
                "high": float(values.max()),
                "n": len(values),
                "mae": float(np.abs(errors).mean()),
                "rmse": float(np.sqrt((errors**2).mean())),
                "bias": float(errors.mean()),
            }
        )
    return found
