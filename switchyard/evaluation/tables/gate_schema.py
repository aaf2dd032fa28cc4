"""Which numbers a report will have, known before anything is trained: what gates may name.

Most of it follows from the config: metrics from the task, slices and importances from columns, groups from a
column's allowed values. What values another column has, and whether a slice has rows in the test part, only the data
can tell; preprocess, which has just dealt the rows, asks again with what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from switchyard.config.features import Feature, resolve
from switchyard.config.metrics_of_task import metrics_of
from switchyard.config.sections import Config, Contract, Data, Features, Metrics, Reporting, Task
from switchyard.evaluation.gates.names import ESTIMATE, NUMBER, Place, threshold_places
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


def places(measured: Measured, groups: Groups | None = None) -> Place:
    """The root of the tree of names.

    Args:
        measured: The parts of the config that decide.
        groups: The slices that the test rows have; None while that is not known, so that a column's values are those
            that the contract allows, or any if it names none.
    """
    is_binary = _classes(measured, groups) in (2, None)
    tree: dict[str, Place] = {**_root(measured.task)}
    if measured.task == "classification":
        tree["calibration"] = Place(below={"ece": ESTIMATE})
        if is_binary:
            tree["thresholds"] = threshold_places()
    tree["slices"] = _slices(measured, groups)
    if measured.task == "classification" and is_binary and measured.reporting.sensitive:
        tree["fairness"] = _fairness(measured, groups)
    features = resolve(measured.features, measured.contract, measured.data)
    tree["importances"] = Place(below={feature.name: ESTIMATE for feature in features})
    if measured.reporting.seeds:
        tree["stability"] = Place(below=dict.fromkeys(("mean", "std", "low", "high"), NUMBER))
    tree["robustness"] = _robustness(measured.metrics.primary, features, measured.contract)
    tree["training"] = Place(below=dict.fromkeys(("seconds", "peak_memory_mb", "rows"), NUMBER))
    contract = ("rows", "columns", "checks", "failed", "compared", "unchecked")
    tree["contract"] = Place(below=dict.fromkeys(contract, NUMBER))
    return Place(below=tree)


def groups_of(test: pl.LazyFrame, train: pl.LazyFrame, measured: Measured) -> dict[str, tuple[str, ...]]:
    """The groups that have test rows, by column and pair, as `slices` and `fairness` will find them; and the classes.

    Args:
        test: The test rows; those without a target are measured by nothing.
        train: The training rows, for quartiles.
        measured: The parts of the config that decide.
    """
    settings = measured.reporting.slices
    columns = tuple(dict.fromkeys((*sliced(measured), *measured.reporting.sensitive)))
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
    return name.startswith(("slices.", "fairness.", "thresholds."))


def _root(task: Task) -> dict[str, Place]:
    """The metrics, and what every file has."""
    latency = Place(below=dict.fromkeys(("p50", "p95", "p99"), NUMBER))
    scores = dict.fromkeys(metrics_of(task), ESTIMATE)
    return {**scores, "parity": NUMBER, "latency_ms": latency, "size_mb": NUMBER}


def _classes(measured: Measured, groups: Groups | None) -> int | None:
    """How many classes the target has, if the rows or the contract say so."""
    if groups is not None and measured.data.target in groups:
        return len(tuple(groups[measured.data.target]))
    target = measured.contract.columns[measured.data.target]
    if target.type == "boolean":
        return 2
    return len(set(target.allowed)) if target.allowed else None


def sliced(measured: Measured) -> tuple[str, ...]:
    """The columns whose groups are measured one by one."""
    features = resolve(measured.features, measured.contract, measured.data)
    names = [feature.name for feature in features]
    return sliced_columns(measured.reporting.slices, names, measured.contract, measured.data)


def _slices(measured: Measured, groups: Groups | None) -> Place:
    figures = Place(below={"rows": NUMBER, **dict.fromkeys(metrics_of(measured.task), ESTIMATE)})
    below = {name: _grouped(_names(name, measured, groups), figures) for name in sliced(measured)}
    for pair in measured.reporting.slices.pairs:
        name = "*".join(pair)
        each = [_names(column, measured, None) for column in pair]
        known = None if None in each else ["*".join(values) for values in product(*(names or () for names in each))]
        below[name] = _grouped(known if groups is None else groups.get(name, ()), figures)
    return Place(below=below)


def _grouped(names: Iterable[str] | None, figures: Place) -> Place:
    return Place(any_name=figures) if names is None else Place(below=dict.fromkeys(names, figures))


def _names(column: str, measured: Measured, groups: Groups | None) -> Iterable[str] | None:
    """The groups of a column; None if they can have any name."""
    if groups is not None:
        return groups.get(column, ())
    return known_names(column, measured.contract, measured.features, measured.reporting.slices.bins)


def _fairness(measured: Measured, groups: Groups | None) -> Place:
    figures = Place(below={"rows": NUMBER, "selection_rate": ESTIMATE, "true_positive_rate": ESTIMATE})
    differences = dict.fromkeys(("selection_rate_difference", "equal_opportunity_difference"), ESTIMATE)
    return Place(
        below={
            column: Place(below={"groups": _grouped(_names(column, measured, groups), figures), **differences})
            for column in measured.reporting.sensitive
        }
    )


def _robustness(primary: str, features: Sequence[Feature], contract: Contract) -> Place:
    """The kinds of shaking that some column can be shaken by."""
    shaken = Place(below={primary: ESTIMATE, **dict.fromkeys(("loss", "loss_low", "loss_high"), NUMBER)})
    kinds = {feature.kind for feature in features if contract.columns[feature.name].type != "boolean"}
    ways = ["missing"]
    ways += ["noise"] if "numeric" in kinds else []
    ways += ["unknown"] if any(feature.kind == "categorical" for feature in features) else []
    return Place(below=dict.fromkeys(ways, shaken))
