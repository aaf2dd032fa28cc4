"""Every section of the report, in the order of the page.

Sections are found in the `sections` folders below and imported only now: by name, so that the code of one kind of data
never imports that of another. A section from outside the program is added with `register`.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from switchyard.evaluation.section import Section

AnySection = Section[Any, Any]

_FOLDERS = (
    "switchyard.evaluation.sections",
    "switchyard.evaluation.tables.sections",
    "switchyard.evaluation.images.sections",
)
_REGISTERED: list[AnySection] = []


def register(section: AnySection) -> None:
    """Adds a section, as if its module were in one of the folders.

    Raises:
        ValueError: A section of the same kind of data has this key or position.
    """
    for other in (*_found(), *_REGISTERED):
        shares_kind = other.kinds is None or section.kinds is None or bool(other.kinds & section.kinds)
        if shares_kind and (other.key == section.key or other.position == section.position):
            raise ValueError(f"the section {section.key} has the key or the position of the section {other.key}")
    _REGISTERED.append(section)


def sections_of(kind: str) -> tuple[AnySection, ...]:
    """The sections that are measured for a kind of data, such as `tables`."""
    return tuple(each for each in _ordered() if each.kinds is None or kind in each.kinds)


def page_sections() -> dict[str, AnySection]:
    """One section for each key: kinds that share a key differ in what is measured, and not in what is shown."""
    listed: dict[str, AnySection] = {}
    for each in _ordered():
        listed.setdefault(each.key, each)
    return listed


def section_at(report_key: str) -> AnySection | None:
    """The section that keeps its numbers there."""
    return next((each for each in _ordered() if each.report_key == report_key and each.offers_gates), None)


def _ordered() -> list[AnySection]:
    return sorted((*_found(), *_REGISTERED), key=lambda each: each.position)


@cache
def _found() -> tuple[AnySection, ...]:
    names = [f"{folder}.{each.name}" for folder in _FOLDERS for each in _modules(folder)]
    modules = (import_module(name) for name in names)
    return tuple(module.SECTION for module in modules if hasattr(module, "SECTION"))


def _modules(folder: str) -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(import_module(folder).__path__))
