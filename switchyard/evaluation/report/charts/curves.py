"""Curves of a classification: ROC, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from switchyard.evaluation.report.charts.figure import MUTED, SERIES, square, style, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def roc(curves: Mapping[str, Any]) -> str:
    """True against false positive rate, one line a class, with the diagonal of guessing."""
    with style():
        figure, area = square("false positive rate", "true positive rate")
        _diagonal(area)
        for color, curve in zip(SERIES, curves.values(), strict=False):
            if curve is not None:
                area.plot(curve["fpr"], curve["tpr"], color=color, linewidth=1.6)
        return svg(figure, f"ROC curve of {_named(curves)}")


def precision_recall(curves: Mapping[str, Any]) -> str:
    """Precision against recall as steps, which is what average precision sums up."""
    with style():
        figure, area = square("recall", "precision")
        for color, curve in zip(SERIES, curves.values(), strict=False):
            if curve is not None:
                area.step(curve["recall"], curve["precision"], where="pre", color=color, linewidth=1.6)
        return svg(figure, f"precision-recall curve of {_named(curves)}")


def calibration(bins: Sequence[dict[str, Any]]) -> str:
    """Observed against predicted share in each bin, with the interval of the observed one; no line through gaps."""
    with style():
        figure, area = square("predicted probability", "observed share")
        _diagonal(area)
        filled = [each for each in bins if each["n"] and each["predicted"] is not None and each["observed"] is not None]
        for each in filled:
            if each["observed_low"] is not None and each["observed_high"] is not None:
                ends = [each["observed_low"], each["observed_high"]]
                area.plot([each["predicted"]] * 2, ends, color=SERIES[0], linewidth=2.4, alpha=0.4)
        predicted, observed = ([each[key] for each in filled] for key in ("predicted", "observed"))
        area.plot(predicted, observed, "o-", color=SERIES[0], linewidth=1.2, markersize=5)
        far = max(filled, key=lambda each: abs(each["predicted"] - each["observed"]), default=None)
        told = f"; farthest apart at {far['predicted']:.2f}, where {far['observed']:.2f} are observed" if far else ""
        return svg(figure, f"calibration curve of {len(filled)} bins{told}")


def _diagonal(area: Axes) -> None:
    area.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, dashes=(4, 3))


def _named(curves: Mapping[str, Any]) -> str:
    return ", ".join(str(label) for label, curve in curves.items() if curve is not None)
