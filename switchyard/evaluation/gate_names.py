"""The names of the numbers in a report: each is the dotted path to a number, and all of them form a tree.

An estimate can be gated by its own path, and its bounds and rows by `.low`, `.high` and `.n`. Lists (bins, rows,
curves) have no names, so nothing in them can be gated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

BOUNDS = ("low", "high", "n")
_SHOWN = 20


@dataclass(frozen=True)
class Place:
    """A point in the report's tree of names.

    Attributes:
        is_number: Whether it can be gated itself.
        below: What is under it, by name.
        any_name: What is under it whatever the name, while only the data knows the names.
    """

    is_number: bool = False
    below: Mapping[str, Place] = field(default_factory=dict)
    any_name: Place | None = None


NUMBER = Place(is_number=True)
ESTIMATE = Place(is_number=True, below=dict.fromkeys(BOUNDS, NUMBER))


def problem(name: str, root: Place) -> str:
    """Why a gate's name leads nowhere, with the nearest that leads somewhere; empty if it leads to a number."""
    reached, place, rest = _walk("", root, name)
    if not rest and place.is_number:
        return ""
    known = list(place.below)
    if not rest:
        return f"{reached} is no number, but holds several: {_listed(known)}"
    wrong, *after = rest.split(".")
    close = next(iter(get_close_matches(wrong, known, n=1)), None)
    question = ""
    if close:
        corrected = ".".join([*([reached] if reached else []), close, *after])
        question = f"did you mean {corrected if not problem(corrected, root) else _first(corrected, root)}? "
    if reached and not place.below:
        return f"{reached} is a number, and has nothing called {rest}"
    where = f"{reached} has nothing called {wrong}" if reached else f"nothing called {wrong} is measured"
    return f"{where}: {question}There are {_listed(known)}"


def _walk(reached: str, place: Place, rest: str) -> tuple[str, Place, str]:
    """As far as the name leads: the path until there, the place, and what is left. Names may hold dots themselves."""
    if not rest:
        return reached, place, rest
    ends = [
        _walk(f"{reached}.{name}" if reached else name, below, rest[len(name) + 1 :])
        for name, below in _steps(place, rest)
    ]
    found = next((end for end in ends if not end[2] and end[1].is_number), None)
    # Where a name may be anything, what is left over tells more than a name that has swallowed everything.
    return found or min(ends, key=lambda end: (not end[2], len(end[2])), default=(reached, place, rest))


def _steps(place: Place, rest: str) -> Iterator[tuple[str, Place]]:
    """The names under a place that the rest may start with; of an unknown name, each end that it may have."""
    for name, below in place.below.items():
        if rest == name or rest.startswith(f"{name}."):
            yield name, below
    if place.any_name:
        parts = rest.split(".")
        for count in range(1, len(parts) + 1):
            yield ".".join(parts[:count]), place.any_name


def _first(name: str, root: Place) -> str:
    """Some number under a name that leads to several."""
    reached, place, _ = _walk("", root, name)
    while not place.is_number and place.below:
        step, place = next(iter(place.below.items()))
        reached = f"{reached}.{step}"
    return reached


def _listed(names: list[str]) -> str:
    """The first few, and how many more; the ends of an interval go without saying."""
    shown = [name for name in names if name not in BOUNDS or len(names) == len(BOUNDS)]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{', '.join(shown[:_SHOWN])}{more}"


def numbers(*names: str) -> Place:
    """A place that holds numbers of these names."""
    return Place(below=dict.fromkeys(names, NUMBER))


def groups(names: Iterable[str] | None, below: Place) -> Place:
    """A place that holds the same for each of these names; None means that any name may be there."""
    return Place(any_name=below) if names is None else Place(below=dict.fromkeys(names, below))


def numbers_below(path: str, found: object) -> Iterator[tuple[str, float | None]]:
    """Each number in a part of a report with its name; an estimate is one itself."""
    if isinstance(found, Mapping):
        if is_estimate(found):
            yield path, found["value"]
        for name, below in found.items():
            if not (is_estimate(found) and name == "value"):
                yield from numbers_below(f"{path}.{name}" if path else str(name), below)
    elif found is None:
        yield path, None
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield path, float(found) if math.isfinite(found) else None


def is_estimate(found: Mapping[str, Any]) -> bool:
    """Whether this is one figure with its interval, rather than a table of several."""
    return {"value", "low", "high"} <= found.keys()
