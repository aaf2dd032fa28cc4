"""What the page shows that the report holds in another order: slices by how bad they are, groups as rows.

Nothing is measured here. Called by `report.to_html` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CHART_LINES = 24  # more dots than that are no chart any more; the table below has the rest
TABLE_ROWS = 200
COLOURS = 10  # of the page
_EXPLAINED = 10


@dataclass(frozen=True)
class Slice:
    """One group of test rows.

    Attributes:
        name: `sex: female`, as gates call it.
        label: The same with the range in the place of `q1`.
        about: Such as the range of a quartile.
        rows: How many.
        small: Fewer than the config asks for: figures that say little.
        found: Estimates by metric.
        gap: How much worse than all test rows it is by the primary metric; None without a value.
        apart: Whether its interval leaves out the value of all test rows.
    """

    name: str
    label: str
    about: str
    rows: int
    small: bool
    found: dict[str, dict[str, Any]]
    gap: float | None
    apart: bool


def slices(report: dict[str, Any]) -> list[Slice]:
    """Every slice, the worst by the primary metric first, then the small ones likewise, then those without a value."""
    listed = [
        _slice(report, column, name, found)
        for column, groups in report.get("slices", {}).items()
        for name, found in groups.items()
        if found["rows"]
    ]
    return sorted(listed, key=lambda each: (each.gap is None, each.small, -(each.gap or 0.0), each.name))


def worst_slice(report: dict[str, Any]) -> Slice | None:
    """The slice that is furthest behind, of those with enough rows."""
    first = next(iter(slices(report)), None)
    return first if first and first.gap is not None and first.gap > 0 and not first.small else None


def importances(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Columns by what they are worth, the most first."""
    found: dict[str, dict[str, Any]] = report.get("importances", {})
    return sorted(found.items(), key=lambda each: (each[1]["value"] is None, -(each[1]["value"] or 0.0), each[0]))


def explained(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Golden rows, each with its contributions by size and how wide their bars are (per cent of the largest)."""
    rows: list[dict[str, Any]] = report.get("explanations", {}).get("rows", [])[:_EXPLAINED]
    largest = max((abs(value) for row in rows for value in row["contributions"].values()), default=0.0) or 1.0
    told = []
    for row in rows:
        ranked = sorted(row["contributions"].items(), key=lambda each: (-abs(each[1]), each[0]))
        parts = [
            {"column": column, "of": row["row"].get(column), "by": by, "width": round(50 * abs(by) / largest, 2)}
            for column, by in ranked
        ]
        base = row.get("base", report["explanations"].get("base"))
        told.append({**row, "base": base, "label": row.get("label"), "parts": parts})
    return told


def expectations(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that do not hold first."""
    return sorted(report.get("expectations", []), key=lambda each: bool(each["passed"]))


@dataclass(frozen=True)
class Shaken:
    """One way of shaking, or none.

    Attributes:
        label: How it is called; with its strength, if it was measured at several.
        found: The estimate of the primary metric.
        loss: `loss`, `loss_low` and `loss_high`; empty for the rows as they are.
    """

    label: str
    found: dict[str, Any]
    loss: dict[str, Any]


def robustness(report: dict[str, Any]) -> list[Shaken]:
    """Each way of shaking, at each of its strengths, after the rows as they are."""
    primary = report["selection"]["metric"]
    shaken = [Shaken("as they are", report["test"]["metrics"][primary], {})]
    for kind, found in report.get("robustness", {}).items():
        milder, label = found.get("milder", {}), found.get("label", kind)
        rising = sorted(milder.items(), key=lambda each: float(each[0]))  # JSON sorts them as text
        shaken += [Shaken(f"{label} {strength}", each[primary], each) for strength, each in rising]
        shaken.append(Shaken(f"{label} {found['strength']:g}" if milder else label, found[primary], found))
    return shaken


def classes(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Classes by their recall, the lowest first, those without an image last."""
    found: dict[str, dict[str, Any]] = report.get("classes", {})
    return sorted(
        found.items(), key=lambda each: (each[1]["recall"]["value"] is None, each[1]["recall"]["value"] or 0.0)
    )


def score_name(report: dict[str, Any]) -> str:
    """What the score of an image's answer is."""
    return "cosine" if "retrieval" in report else "probability"


def map_classes(report: dict[str, Any]) -> list[tuple[str, bool]]:
    """The classes on the map of embeddings and whether the gallery knows them, the known ones first."""
    known = set(report["data"]["classes"])
    labels = sorted(set(report["retrieval"]["embedding_map"]["labels"]), key=lambda label: (label not in known, label))
    return [(label, label in known) for label in labels]


def map_legend(report: dict[str, Any]) -> list[tuple[str, int, bool]]:
    """Each class with the number of its colour, as long as there is a colour for each."""
    listed = map_classes(report)
    return [(label, place % COLOURS, known) for place, (label, known) in enumerate(listed)][:COLOURS]


def _slice(report: dict[str, Any], column: str, name: str, found: dict[str, Any]) -> Slice:
    selection, overall = report["selection"], report["test"]["metrics"]
    figures = {metric: found[metric] for metric in overall if metric in found}
    primary, whole = figures.get(selection["metric"]), overall[selection["metric"]]["value"]
    gap, apart = None, False
    if primary and primary["value"] is not None and whole is not None:
        gap = (whole - primary["value"]) * (1 if selection["higher_is_better"] else -1)
        apart = primary["low"] is not None and not primary["low"] <= whole <= primary["high"]
    about = found.get("range") or ""
    label = f"{column}: {about or name}"
    return Slice(f"{column}: {name}", label, about, found["rows"], bool(found.get("small")), figures, gap, apart)
