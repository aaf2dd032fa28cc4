"""The base of the sections that only tables have."""

from __future__ import annotations

from typing import ClassVar

from switchyard.evaluation.section import Section
from switchyard.evaluation.tables.context import TableContext
from switchyard.evaluation.tables.gate_schema import TableGates


class TableSection(Section[TableContext, TableGates]):
    """A section that is measured for tables."""

    kinds: ClassVar[frozenset[str] | None] = frozenset({"tables"})
