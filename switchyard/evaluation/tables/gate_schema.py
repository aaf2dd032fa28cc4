"""Which numbers the report of a table will have, known before anything is trained: what gates may name.

Most of it follows from the config: metrics from the task, slices and importances from columns, groups from a
column's allowed values. Only the data can tell which values another column has, and whether a slice has rows in the
test part; preprocess, which has just split the rows, asks again with what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from switchyard.config.features import Feature, resolve
from switchyard.config.sections import Config, Contract, Data, Features, Metrics, Reporting, Task
from switchyard.evaluation.gate_names import Place
from switchyard.evaluation.gates.schema import only_data_tells, schema_of
from switchyard.evaluation.tables.grouping import group_rows, known_names
from switchyard.evaluation.tables.slices import slice_names, sliced_columns

if TYPE_CHECKING:
    import polars as pl

Groups = Mapping[str, Iterable[str]]
"""The slices of each column, and of each pair of columns under `one*other`; under the target its classes."""


@dataclass(frozen=True)
class Measured:
    """What decides which numbers there are, as steps have it.

    Attributes:
        task: Classification or regression.
        data: Names the target.
        contract: Types and allowed values of the columns.
        features: Which columns the candidates see.
        metrics: The primary metric.
        reporting: The config's section `evaluation`.
    """

    task: Task
    data: Data
    contract: Contract
    features: Features
    metrics: Metrics
    reporting: Reporting

    @classmethod
    def of(cls, config: Config) -> Measured:
        """Of a whole config."""
        parts = (config.task, config.data, config.contract, config.features, config.metrics, config.evaluation)
        return cls(*parts)


@dataclass(frozen=True)
class TableGates:
    """What the sections derive their gate names from; see `GateSchema`.

    Attributes:
        measured: The parts of the config that decide.
        groups: The slices that the test rows have; None while that is not known, so that a column's values are those
            that the contract allows, or any if it names none.
    """

    measured: Measured
    groups: Groups | None = None

    contract_counts = ("rows", "columns", "checks", "failed", "compared", "unchecked")

    @property
    def task(self) -> Task:
        """Classification or regression."""
        return self.measured.task

    @property
    def primary(self) -> str:
        """The primary metric."""
        return self.measured.metrics.primary

    @property
    def seeds(self) -> int:
        """See `GateSchema.seeds`."""
        return self.reporting.seeds

    @property
    def contract(self) -> Contract:
        """Types and allowed values of the columns."""
        return self.measured.contract

    @property
    def reporting(self) -> Reporting:
        """The config's section `evaluation`."""
        return self.measured.reporting

    @property
    def class_count(self) -> int | None:
        """How many classes the target has, if the rows or the contract say so."""
        name = self.measured.data.target
        if self.groups is not None and name in self.groups:
            return len(tuple(self.groups[name]))
        target = self.contract.columns[name]
        if target.type == "boolean":
            return 2
        return len(set(target.allowed)) if target.allowed else None

    @cached_property
    def resolved_features(self) -> Sequence[Feature]:
        """The columns that the candidates read."""
        return resolve(self.measured.features, self.contract, self.measured.data)

    @cached_property
    def sliced_columns(self) -> tuple[str, ...]:
        """The columns whose groups are measured one by one."""
        names = [feature.name for feature in self.resolved_features]
        return sliced_columns(self.reporting.slices, names, self.contract, self.measured.data)

    def known_groups(self, column: str) -> Iterable[str] | None:
        """The groups that the config gives a column; None if they can have any name."""
        return known_names(column, self.contract, self.measured.features, self.reporting.slices.bins)

    def groups_in(self, column: str) -> Iterable[str] | None:
        """The groups of a column, from the rows if they are known; None if they can have any name."""
        return self.known_groups(column) if self.groups is None else self.groups.get(column, ())


def places(measured: Measured, groups: Groups | None = None) -> Place:
    """The root of the tree of gate names; arguments as in `TableGates`."""
    return schema_of("tables", TableGates(measured, groups))


def groups_of(test: pl.LazyFrame, train: pl.LazyFrame, measured: Measured) -> dict[str, tuple[str, ...]]:
    """The groups that have test rows, by column and pair, as `slices` and `fairness` will find them; and the classes.

    Args:
        test: The test rows; those without a target are measured by nothing.
        train: The training rows, for quartiles.
        measured: The parts of the config that decide.
    """
    settings = measured.reporting.slices
    columns = tuple(dict.fromkeys((*TableGates(measured).sliced_columns, *measured.reporting.sensitive)))
    names = sorted({*columns, *(name for pair in settings.pairs for name in pair)})
    target = measured.data.target
    rows = test.select(sorted({*names, target})).collect().drop_nulls(target)
    if rows[target].dtype.is_float():
        rows = rows.drop_nans(target)
    groups = group_rows(rows, train, names, measured.contract, measured.features, settings.bins)
    found = slice_names(groups, columns, settings)
    if measured.task == "classification":
        found[target] = tuple(map(str, train.select(target).unique().collect()[target].drop_nulls()))
    return found


def needs_data(name: str) -> bool:
    """Whether only the data can tell if a gate's name leads to a number."""
    return only_data_tells("tables", name)
