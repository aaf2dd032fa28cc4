"""The gate schema: which numbers the report of a use case will have, known before anything is trained."""

from __future__ import annotations

from switchyard.evaluation.gate_names import Place
from switchyard.evaluation.section import GateSchema
from switchyard.evaluation.section_registry import sections_of


def schema_of(kind: str, known: GateSchema) -> Place:
    """The root of the tree of gate names.

    Args:
        kind: Of data, such as `tables`.
        known: What decides which numbers there will be.
    """
    tree: dict[str, Place] = {}
    for section in sections_of(kind):
        tree |= section.gate_schema(known)
    return Place(below=tree)


def only_data_tells(kind: str, name: str) -> bool:
    """Whether only the rows can tell if a gate's name leads to a number."""
    return name.startswith(tuple(prefix for section in sections_of(kind) for prefix in section.needs_data))
