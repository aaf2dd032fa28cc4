"""Which numbers a report will have, known before anything is trained: what gates may name.

Most of it follows from the config: metrics from the task, slices and importances from columns, groups from a
column's allowed values. What values another column has, and whether a slice has rows in the test part, only the data
can tell; preprocess, which has just dealt the rows, asks again with what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from switchyard.config import Config, Contract, Data, Features, Metrics, Reporting, Task
from switchyard.evaluation import metrics
from switchyard.evaluation.gate_names import ESTIMATE, NUMBER, Place
from switchyard.models.features import Feature, resolve

Groups = Mapping[str, Iterable[str]]
"""The slices of each column, and of each pair of columns under `one*other`."""


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
    is_binary = _classes(measured) in (2, None)
    tree: dict[str, Place] = {**_root(measured.task)}
    if measured.task == "classification":
        tree["calibration"] = Place(below={"ece": ESTIMATE})
        if is_binary:
            tree["thresholds"] = _thresholds()
    tree["slices"] = _slices(measured, groups)
    if measured.task == "classification" and is_binary and measured.reporting.sensitive:
        tree["fairness"] = _fairness(measured, groups)
    features = resolve(measured.features, measured.contract, measured.data)
    tree["importances"] = Place(below={feature.name: ESTIMATE for feature in features})
    tree["explanations"] = Place(below={"base": NUMBER})
    if measured.reporting.seeds:
        tree["stability"] = Place(below=dict.fromkeys(("mean", "std", "low", "high"), NUMBER))
    tree["robustness"] = _robustness(measured.metrics.primary, features, measured.contract)
    tree["training"] = Place(below=dict.fromkeys(("seconds", "peak_memory_mb", "rows"), NUMBER))
    tree["contract"] = Place(below=dict.fromkeys(("columns", "rows", "checks", "failed"), NUMBER))
    return Place(below=tree)


def needs_data(name: str) -> bool:
    """Whether only the data can tell if a gate's name leads to a number."""
    return name.startswith(("slices.", "fairness.", "thresholds."))


def _root(task: Task) -> dict[str, Place]:
    """The metrics, and what every file has."""
    latency = Place(below=dict.fromkeys(("p50", "p95", "p99"), NUMBER))
    scores = dict.fromkeys(metrics.names(task), ESTIMATE)
    return {**scores, "parity": NUMBER, "latency_ms": latency, "size_mb": NUMBER}


def _classes(measured: Measured) -> int | None:
    """How many classes the target has, if the contract says so."""
    target = measured.contract.columns[measured.data.target]
    if target.type == "boolean":
        return 2
    return len(set(target.allowed)) if target.allowed else None


def _thresholds() -> Place:
    chosen = Place(below=dict.fromkeys(("threshold", "cost"), NUMBER))
    costs = ("false_positive", "false_negative", "true_positive", "true_negative")
    return Place(below={"lowest_cost": chosen, "default": chosen, "costs": Place(below=dict.fromkeys(costs, NUMBER))})


def _slices(measured: Measured, groups: Groups | None) -> Place:
    figures = Place(below={"rows": NUMBER, **dict.fromkeys(metrics.names(measured.task), ESTIMATE)})
    chosen = measured.reporting.slices
    features = resolve(measured.features, measured.contract, measured.data)
    columns = chosen.columns if chosen.columns is not None else [feature.name for feature in features]
    below = {
        name: _grouped(_names(name, measured, groups), figures) for name in dict.fromkeys((*columns, *chosen.bins))
    }
    for pair in chosen.pairs:
        name = "*".join(pair)
        if groups is not None:
            below[name] = _grouped(list(groups.get(name, ())), figures)
            continue
        each = [_names(column, measured, None) for column in pair]
        known = None if None in each else ["*".join(values) for values in product(*(names or () for names in each))]
        below[name] = _grouped(known, figures)
    return Place(below=below)


def _grouped(names: list[str] | None, figures: Place) -> Place:
    return Place(any_name=figures) if names is None else Place(below=dict.fromkeys(names, figures))


def _names(column: str, measured: Measured, groups: Groups | None) -> list[str] | None:
    """The slices of a column; None if they can have any name."""
    if groups is not None:
        return list(groups.get(column, ()))
    spec, bins = measured.contract.columns[column], measured.reporting.slices.bins
    missing = ["missing"] if spec.nullable else []
    if column in bins:
        return [f"bin{number}" for number in range(1, len(bins[column]) + 2)] + missing
    if spec.type == "boolean":
        return ["false", "true", *missing]
    if spec.type in ("integer", "number"):
        return ["q1", "q2", "q3", "q4", *missing]
    return [str(value) for value in spec.allowed] + missing if spec.allowed else None


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
