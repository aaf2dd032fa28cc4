"""Which kinds of data there are: those of the program, and those that `switchyard.plugins` imports."""

from __future__ import annotations

from switchyard.plugins import import_plugins
from switchyard.tasks.images import Images
from switchyard.tasks.kind import Kind
from switchyard.tasks.tables import Tables

_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Makes a kind known; one of the same name takes its place.

    Raises:
        ValueError: Another kind has one of its tasks.
    """
    for other in _KINDS.values():
        if other.name != kind.name and (shared := set(other.tasks) & set(kind.tasks)):
            raise ValueError(f"{', '.join(sorted(shared))} of {kind.name} is a task of {other.name} already")
    _KINDS[kind.name] = kind


def kinds() -> tuple[Kind, ...]:
    """All of them."""
    import_plugins()
    return tuple(_KINDS.values())


def kind_of(task: str) -> Kind:
    """The kind of data that a task is about.

    Raises:
        KeyError: None has it.
    """
    return next((kind for kind in kinds() if task in kind.tasks), None) or _unknown(f"task {task!r}")


def kind_named(name: str) -> Kind:
    """The kind that a recipe names.

    Raises:
        KeyError: There is none.
    """
    return next((kind for kind in kinds() if kind.name == name), None) or _unknown(f"kind of data {name!r}")


def _unknown(what: str) -> Kind:
    raise KeyError(f"there is no {what}: set SWITCHYARD_KINDS to the module that registers it")


register(Tables())
register(Images())
