"""What must hold between the keys of a config, beyond what each key allows by itself."""

from __future__ import annotations

from collections.abc import Iterator

from switchyard.config.checks.evaluation import reporting_problems
from switchyard.config.checks.expectations import expectation_problems
from switchyard.config.checks.shared import (
    Problem,
    fixed_and_searched,
    not_a_class,
    not_in_contract,
    unknown_metrics,
    unknown_steps,
)
from switchyard.config.reading.yaml12 import KeyPath
from switchyard.config.sections import Config


def problems(config: Config) -> Iterator[Problem]:
    """Yields each contradiction between two keys: the key path, and what is wrong there.

    Args:
        config: A config that is valid key by key.

    Yields:
        A key path and the rest of a sentence about it.
    """
    yield from _columns(config)
    yield from _roles(config)
    yield from _task(config)
    yield from _split(config)
    yield from _candidates(config)
    yield from unknown_steps(config.steps, config.candidates)
    yield from reporting_problems(config)
    yield from expectation_problems(config)


def _columns(config: Config) -> Iterator[Problem]:
    """Every column that the config names is in the contract."""
    data, features = config.data, config.features
    named: list[tuple[KeyPath, str]] = []
    for role, name in (("target", data.target), ("id", data.id), ("time", data.time), ("group", data.group)):
        if name is not None:
            named.append((("data", role), name))
    lists = (("numeric", features.numeric), ("categorical", features.categorical), ("exclude", features.exclude))
    for key, names in lists:
        named += [(("features", key, i), name) for i, name in enumerate(names or ())]
    known = list(config.contract.columns)
    for path, name in named:
        if name not in known:
            yield path, f"is {name!r}, which {not_in_contract(name, known)}"
    for name in config.contract.distribution.columns:
        if name not in known:
            yield ("contract", "distribution", "columns", name), not_in_contract(name, known)


def _roles(config: Config) -> Iterator[Problem]:
    """The target is not also a feature or another role, and each feature has a type that fits."""
    data, features = config.data, config.features
    for role, name in (("id", data.id), ("time", data.time), ("group", data.group)):
        if name == data.target:
            yield ("data", role), f"is {name!r}, which is the target; name another column"
    numeric = features.numeric or ()
    for key, names in (("numeric", numeric), ("categorical", features.categorical or ())):
        for i, name in enumerate(names):
            if name == data.target:
                yield ("features", key, i), f"is {name!r}, which is the target and so cannot be a feature"
            if key == "categorical" and name in numeric:
                yield ("features", key, i), f"is {name!r}, which features.numeric names as well; keep one of the two"
            if key == "numeric" and name in config.contract.columns:
                kind = config.contract.columns[name].type
                if kind in ("string", "datetime"):
                    yield (
                        ("features", key, i),
                        f"is {name!r}, a {kind} column; only integer, number and boolean columns can be numeric",
                    )


def _task(config: Config) -> Iterator[Problem]:
    """Metrics, the positive class and the target's type fit the task."""
    yield from unknown_metrics(config)
    target = config.contract.columns.get(config.data.target)
    positive = config.data.positive
    if config.task == "regression":
        if config.champion.test in ("delong", "mcnemar"):
            yield (
                ("champion", "test"),
                f"is {config.champion.test!r}, which is for classification; use auto or bootstrap",
            )
        if positive is not None:
            yield ("data", "positive"), f"is {positive!r}, but a regression has no positive class; leave it out"
        if target is not None and target.type not in ("integer", "number"):
            path = ("contract", "columns", config.data.target, "type")
            yield path, f"is {target.type}, but the target of a regression must be integer or number"
    elif positive is not None and target is not None and target.allowed:
        yield from not_a_class(("data", "positive"), positive, target)


def _split(config: Config) -> Iterator[Problem]:
    """The column or the classes that a split needs exist."""
    method, data = config.split.method, config.data
    if method == "group" and data.group is None:
        yield ("split", "method"), "is group, which needs data.group, the column that names the groups; set it"
    if method == "time" and data.time is None:
        yield ("split", "method"), "is time, which needs data.time, the column to order by; set it"
    if method == "stratified" and config.task != "classification":
        yield ("split", "method"), f"is stratified, which needs classes, but task is {config.task}; use random"


def _candidates(config: Config) -> Iterator[Problem]:
    """A candidate fits the task, and fixes a hyperparameter or searches it."""
    wrong = {"classification": "ridge", "regression": "logistic_regression"}[config.task]
    for name, candidate in config.candidates.items():
        if candidate.type == wrong:
            yield ("candidates", name, "type"), f"is {wrong}, which cannot learn a {config.task}; choose another type"
        yield from fixed_and_searched(name, candidate.params, candidate.search)
