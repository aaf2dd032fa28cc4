"""What must hold between `expectations` and the rest of a config; `switchyard.config.checks.tables` calls it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from switchyard.config.checks.shared import Problem, not_a_class, not_in_contract
from switchyard.config.column_values import check_value, is_allowed
from switchyard.config.features import Feature, resolve
from switchyard.config.reading.yaml12 import KeyPath
from switchyard.config.sections import Column, Config, DirectionalExpectation, RowExpectation, Scalar
from switchyard.errors import InputError


def expectation_problems(config: Config) -> Iterator[Problem]:
    """Yields each expectation that no model of this config could be asked: the key path, and what is wrong there."""
    asked = config.expectations
    try:
        resolved = resolve(config.features, config.contract, config.data)
    except InputError:  # told when training starts, by a sentence of its own
        return
    features = {feature.name: feature for feature in resolved}
    yield from _names(config)
    yield from _label(config)
    for i, row in enumerate(asked.rows):
        yield from _row(("expectations", "rows", i), row, config, features)
    for i, directional in enumerate(asked.directional):
        yield from _directional(("expectations", "directional", i), directional, config, features)
    for i, invariant in enumerate(asked.invariant):
        path: KeyPath = ("expectations", "invariant", i)
        yield from _column((*path, "column"), invariant.column, config, features)
        if invariant.column in features:
            for place, value in enumerate(invariant.swap):
                yield from _value((*path, "swap", place), value, config.contract.columns[invariant.column])
        if invariant.swap[0] == invariant.swap[1]:
            yield (
                (*path, "swap"),
                f"has {invariant.swap[0]!r} twice, so nothing would change; name two different values",
            )
        yield from _tolerance(path, invariant.tolerance, config)


def _names(config: Config) -> Iterator[Problem]:
    """A name is a gate's name, so it stands for one expectation."""
    asked = config.expectations
    named = [(("expectations", "rows", i, "name"), each.name) for i, each in enumerate(asked.rows)]
    named += [(("expectations", "directional", i, "name"), each.name) for i, each in enumerate(asked.directional)]
    named += [(("expectations", "invariant", i, "name"), each.name) for i, each in enumerate(asked.invariant)]
    names = [name for _, name in named]
    for place, (path, name) in enumerate(named):
        if name in names[:place]:
            yield path, f"is {name!r}, which another expectation is called as well; choose another name"


def _label(config: Config) -> Iterator[Problem]:
    """The class whose probability is the score: one of the target's, and named if there are several."""
    asked, path = config.expectations, ("expectations", "label")
    target = config.contract.columns.get(config.data.target)
    if config.task == "regression":
        if asked.label is not None:
            yield (
                path,
                f"is {asked.label!r}, but a regression has no classes (its score is the predicted value); leave it out",
            )
    elif asked.label is not None and target is not None:
        yield from not_a_class(path, asked.label, target)
    elif target is not None and len(target.allowed or ()) > 2 and _needs_score(config):
        names = ", ".join(map(str, target.allowed or ()))
        yield path, f"is missing, but must name the class whose probability is the score: one of {names}"


def _needs_score(config: Config) -> bool:
    asked = config.expectations
    return bool(asked.directional or asked.invariant or any(row.score is not None for row in asked.rows))


def _row(path: KeyPath, asked: RowExpectation, config: Config, features: Mapping[str, Feature]) -> Iterator[Problem]:
    columns, target = config.contract.columns, config.contract.columns.get(config.data.target)
    for name, value in asked.row.items():
        yield from _column((*path, "row", name), name, config, features, is_key=True)
        if name in features and value is not None:
            yield from _value((*path, "row", name), value, columns[name])
        elif name in features and not columns[name].nullable:
            yield (*path, "row", name), f"is missing, but contract.columns.{name} is not nullable; give it a value"
    if lacking := [name for name in features if name not in asked.row and not columns[name].nullable]:
        them = "it a value" if len(lacking) == 1 else "them values"
        yield (
            (*path, "row"),
            f"lacks {', '.join(lacking)}, which the contract does not allow to be missing; give {them}",
        )
    if asked.answer is not None:
        if config.task == "regression":
            yield (*path, "answer"), "is for classes; for a regression, use score and tolerance"
        elif target is not None:
            yield from not_a_class((*path, "answer"), asked.answer, target)
    if asked.score is not None and config.task == "classification" and not 0 <= asked.score <= 1:
        yield (*path, "score"), f"is {asked.score:g}, but the score of a class is a probability, from 0 to 1"
    yield from _tolerance(path, asked.tolerance, config)


def _directional(
    path: KeyPath, asked: DirectionalExpectation, config: Config, features: Mapping[str, Feature]
) -> Iterator[Problem]:
    yield from _column((*path, "column"), asked.column, config, features)
    yield from _tolerance(path, asked.tolerance, config)
    if asked.column not in features:
        return
    kind = config.contract.columns[asked.column].type
    if kind not in ("integer", "number") or features[asked.column].kind == "categorical":
        what = f"a {kind} column" if kind not in ("integer", "number") else "one of features.categorical"
        yield (*path, "column"), f"is {asked.column!r}, {what}, and nothing can be added to it; use invariant"
    elif kind == "integer" and not asked.add.is_integer():
        yield (*path, "add"), f"is {asked.add:g}, but {asked.column} is an integer column; name a whole number"


def _column(
    path: KeyPath, name: str, config: Config, features: Mapping[str, Feature], is_key: bool = False
) -> Iterator[Problem]:
    """It is one that the model reads."""
    if name in features:
        return
    what = "" if is_key else f"is {name!r}, which "
    if name in config.contract.columns:
        yield (
            path,
            f"{what}is not a feature, so the model does not see it; {'leave it out' if is_key else 'name another'}",
        )
    else:
        yield path, f"{what}{not_in_contract(name, features)}"


def _value(path: KeyPath, value: Scalar, column: Column) -> Iterator[Problem]:
    """It is one that the contract lets through."""
    try:
        check_value(value, column.type)
    except ValueError as error:
        yield path, str(error)
        return
    if column.allowed is not None and not is_allowed(value, column.allowed, column.type):
        yield (
            path,
            f"is {value!r}, which the contract does not allow; allowed are {', '.join(map(str, column.allowed))}",
        )
    if isinstance(value, int | float):
        if column.min is not None and value < column.min:
            yield path, f"is {value:g}, which the contract does not allow; min is {column.min:g}"
        if column.max is not None and value > column.max:
            yield path, f"is {value:g}, which the contract does not allow; max is {column.max:g}"


def _tolerance(path: KeyPath, tolerance: float, config: Config) -> Iterator[Problem]:
    if config.task == "classification" and tolerance >= 1:
        yield (
            (*path, "tolerance"),
            f"is {tolerance:g}, but probabilities never differ by more than 1; it must be below 1",
        )
