"""What the dotted name of a gate stands for, in the words of its section and with the rows of this report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_ENDS = {"low": "lower end of the interval of", "high": "upper end of the interval of", "n": "{unit}s behind"}


def in_words(name: str, report: Mapping[str, Any]) -> str:
    """A phrase, such as `roc_auc of the 93 test rows where sex is female`.

    Args:
        name: Of a gate.
        report: Of the evaluation.

    Returns:
        Empty where the name says it itself, as that of a metric or of something the report does not have.
    """
    head, _, rest = name.partition(".")
    if name not in report.get("gated", {}):
        return ""
    main, _, end = name.rpartition(".")
    if end in _ENDS and main in report["gated"]:
        return f"{_ENDS[end].format(unit=report['unit'])} {in_words(main, report) or main}"
    say = _SECTIONS.get(head)
    return say(rest, report) if say and rest else ""


def _slice(rest: str, report: Mapping[str, Any]) -> str:
    for column, groups in report["slices"].items():
        for group, found in groups.items():
            if rest.startswith(f"{column}.{group}."):
                what = rest.removeprefix(f"{column}.{group}.")
                where = f"where {column} is {found.get('range') or group}"
                small = ", which are few" if found.get("small") else ""
                return (
                    f"test rows {where}"
                    if what == "rows"
                    else f"{what} of the {found['rows']:,} test rows {where}{small}"
                )
    return ""


def _fairness(rest: str, report: Mapping[str, Any]) -> str:
    for column, found in report["fairness"].items():
        what = rest.removeprefix(f"{column}.")
        if what == "selection_rate_difference":
            return f"difference of the selection rates of the groups of {column}"
        if what == "equal_opportunity_difference":
            return f"difference of the true positive rates of the groups of {column}"
        for group in found["groups"]:
            if what.startswith(f"groups.{group}."):
                return f"{what.rpartition('.')[2].replace('_', ' ')} of {column} {group}"
    return ""


def _threshold(rest: str, report: Mapping[str, Any]) -> str:
    which, _, what = rest.partition(".")
    unit = report["unit"]
    at = report["thresholds"].get(which, {}).get("threshold")
    if which == "lowest_cost":
        return (
            f"lowest mean cost per {unit}, at threshold {at:.3g}" if what == "cost" else "threshold of the lowest cost"
        )
    return f"mean cost per {unit} at threshold {at:.3g}" if which == "default" and what == "cost" else ""


def _robustness(rest: str, report: Mapping[str, Any]) -> str:
    kind, _, what = rest.partition(".")
    shaken = report["robustness"][kind]
    how = shaken.get("label", kind)
    if what.startswith("milder."):
        strength, _, what = what.removeprefix("milder.").rpartition(".")
        shaken = shaken["milder"][strength]
    how += f", {shaken['about']}" if "about" in shaken else ""
    loss = {"loss": "loss", "loss_low": "lower end of the loss", "loss_high": "upper end of the loss"}.get(what)
    return f"{loss} of {report['selection']['metric']} with {how}" if loss else f"{what} with {how}"


def _class(rest: str, report: Mapping[str, Any]) -> str:
    label, _, what = rest.rpartition(".")
    rows = report["classes"].get(label, {}).get("rows")
    if rows is None:
        return ""
    return f"test images of class {label}" if what == "rows" else f"{what} of class {label}, {rows:,} test images"


def _retrieval(rest: str, report: Mapping[str, Any]) -> str:
    if not rest.startswith("open_set."):
        return {
            "search_recall": "share of the true nearest neighbours that the search finds",
            "verification.threshold": "cosine at which the errors are equal",
            "gallery.images": "images of the gallery",
            "gallery.classes": "classes of the gallery",
        }.get(rest, "")
    at = f"below a cosine of {report['retrieval']['open_set']['threshold']:.3g}"
    return {
        "unknown_refused": f"share of the images of unknown classes that is refused {at}",
        "known_refused": f"share of the images of known classes that is refused {at}",
        "known_right": "share of the images of known classes that is accepted with the right class",
        "auroc": "how well the cosine tells images of known classes from others",
    }.get(rest.removeprefix("open_set."), "")


def _stability(rest: str, report: Mapping[str, Any]) -> str:
    about = report["stability"]
    what = {"std": "standard deviation", "low": "lowest", "high": "highest"}.get(rest, rest)
    return f"{what} of {about['metric']} with {len(about['seeds'])} seeds"


_SECTIONS: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "slices": _slice,
    "fairness": _fairness,
    "thresholds": _threshold,
    "robustness": _robustness,
    "stability": _stability,
    "classes": _class,
    "retrieval": _retrieval,
    "calibration": lambda rest, _: "expected calibration error" if rest == "ece" else "",
    "importances": lambda rest, report: f"loss of {report['selection']['metric']} when {rest} is shuffled",
    "training": lambda rest, _: {"seconds": "seconds of training", "peak_memory_mb": "MB that training held"}.get(
        rest, ""
    ),
    "contract": lambda rest, _: f"{rest} of the data's contract",
}
