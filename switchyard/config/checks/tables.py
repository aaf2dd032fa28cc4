"""What must hold between the keys of a config, beyond what each key allows by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from switchyard.config.checks.evaluation import reporting_problems
from switchyard.config.checks.expectations import expectation_problems
from switchyard.config.reading.yaml12 import KeyPath, close_match
from switchyard.config.sections import Config
from switchyard.config.step_options import STEPS
from switchyard.config.task_metrics import metrics_of

Problem = tuple[KeyPath, str]


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
    """Every column that is named anywhere stands in the contract."""
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
            yield path, f"is {name!r}, which {_not_in_contract(name, known)}"
    for name in config.contract.distribution.columns:
        if name not in known:
            yield ("contract", "distribution", "columns", name), _not_in_contract(name, known)


def _not_in_contract(name: str, known: list[str]) -> str:
    guess = close_match(name, known)
    question = f"did you mean {guess}? " if guess else ""
    return f"is no column of contract.columns; {question}allowed are {', '.join(known)}"


def _roles(config: Config) -> Iterator[Problem]:
    """No column is at once the answer and a question."""
    data, features = config.data, config.features
    for role, name in (("id", data.id), ("time", data.time), ("group", data.group)):
        if name == data.target:
            yield ("data", role), f"is {name!r}, which is the target; name another column"
    numeric = features.numeric or ()
    for key, names in (("numeric", numeric), ("categorical", features.categorical or ())):
        for i, name in enumerate(names):
            if name == data.target:
                yield ("features", key, i), f"is {name!r}, which is the target and so no feature"
            if key == "categorical" and name in numeric:
                yield ("features", key, i), f"is {name!r}, which stands in features.numeric, too; keep one"
            if key == "numeric" and name in config.contract.columns:
                kind = config.contract.columns[name].type
                if kind in ("string", "datetime"):
                    yield ("features", key, i), f"is {name!r}, a {kind} column, where a number is wanted"


def _task(config: Config) -> Iterator[Problem]:
    """Metrics, the positive class and the target's type fit the task."""
    metrics = metrics_of(config.task)
    chosen = {("metrics", "primary"): config.metrics.primary, ("search", "metric"): config.search.metric}
    for where, name in chosen.items():
        if name is not None and name not in metrics:
            yield where, f"is {name!r}, but must be a metric for {config.task}: one of {', '.join(metrics)}"
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
    elif positive is not None and target is not None and target.allowed and positive not in target.allowed:
        allowed = ", ".join(map(str, target.allowed))
        yield ("data", "positive"), f"is {positive!r}, but must be one of the target's allowed values: {allowed}"


def _split(config: Config) -> Iterator[Problem]:
    """A split has the column or the classes that it goes by."""
    method, data = config.split.method, config.data
    if method == "group" and data.group is None:
        yield ("split", "method"), "is group, which needs data.group, the column that names the groups; it is missing"
    if method == "time" and data.time is None:
        yield ("split", "method"), "is time, which needs data.time, the column to order by; it is missing"
    if method == "stratified" and config.task != "classification":
        yield ("split", "method"), f"is stratified, which needs classes, but task is {config.task}; use random"


def _candidates(config: Config) -> Iterator[Problem]:
    """A candidate fits the task, and fixes a hyperparameter or searches it."""
    wrong = {"classification": "ridge", "regression": "logistic_regression"}[config.task]
    for name, candidate in config.candidates.items():
        if candidate.type == wrong:
            yield ("candidates", name, "type"), f"is {wrong}, which cannot do a {config.task}; choose another type"
        yield from fixed_and_searched(name, candidate.params, candidate.search)


def fixed_and_searched(candidate: str, params: Iterable[str], search: Iterable[str]) -> Iterator[Problem]:
    """Yields the hyperparameters of a candidate that are fixed and searched at once."""
    for key in sorted(set(params) & set(search)):
        yield (
            ("candidates", candidate, "search", key),
            f"is fixed under candidates.{candidate}.params as well; keep one",
        )


def unknown_steps(steps: Iterable[str], candidates: Iterable[str]) -> Iterator[Problem]:
    """Yields the options that are for no step that there is."""
    known = ["default", *STEPS, *(f"train_{name}" for name in candidates)]
    for name in steps:
        if name not in known:
            guess = close_match(name, known)
            question = f"did you mean {guess}? " if guess else ""
            yield ("steps", name), f"is no step; {question}allowed are {', '.join(known)}"
