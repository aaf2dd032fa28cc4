"""What can be said against the candidates of a config before any data is read: for `--dry-run`, and before a run."""

from __future__ import annotations

from switchyard.config.features import resolve
from switchyard.config.sections import (
    Candidate,
    Config,
    Scalar,
    Space,
    Task,
)
from switchyard.config.task_metrics import require_metric
from switchyard.errors import InputError
from switchyard.training.tables.learners import KINDS


def check_candidates(config: Config) -> None:
    """Check features, candidates, hyperparameters, search spaces, metrics and the target's type; nothing is fitted.

    Raises:
        InputError: The first thing that cannot work, by its key path.
    """
    resolve(config.features, config.contract, config.data)
    _check_target(config)
    require_metric("metrics.primary", config.metrics.primary, config.task)
    if config.search.metric is not None:
        require_metric("search.metric", config.search.metric, config.task)
    for name, candidate in config.candidates.items():
        check_candidate(name, candidate, config.task)


def check_candidate(name: str, candidate: Candidate, task: Task) -> None:
    """Check one candidate: its type fits the task, and its learner knows each key and accepts each value.

    Raises:
        InputError: It does not.
    """
    kind = KINDS[candidate.type]
    if task not in kind.tasks:
        fitting = ", ".join(other for other, k in KINDS.items() if task in k.tasks)
        raise InputError(
            f"candidates.{name}.type is {candidate.type}, which cannot learn a {task}: choose one of {fitting}"
        )
    for section, keys in (("params", candidate.params), ("search", candidate.search)):
        for key in keys:
            if key not in kind.allowed(task):
                raise InputError(
                    f"candidates.{name}.{section}.{key} is unknown to {candidate.type}: "
                    f"it takes {', '.join(kind.allowed(task))}"
                )
    _check_values(name, candidate, task)


def _check_values(name: str, candidate: Candidate, task: Task) -> None:
    for key, value in candidate.params.items():
        _try_value(f"candidates.{name}.params.{key}", candidate, task, key, value)
    for key, space in candidate.search.items():
        path = f"candidates.{name}.search.{key}"
        if key in candidate.params:
            raise InputError(f"{path} is fixed by candidates.{name}.params.{key} as well: keep one of them")
        for value in _extremes(path, space):
            _try_value(path, candidate, task, key, value)


def _extremes(path: str, space: Space) -> tuple[Scalar, ...]:
    if space.choices is not None:
        return space.choices
    assert space.low is not None and space.high is not None  # the config made sure
    if not space.integer:
        return space.low, space.high
    if space.low != int(space.low) or space.high != int(space.high):
        raise InputError(f"{path} has integer: true, but its bounds {space.low:g} and {space.high:g} are not integers")
    return int(space.low), int(space.high)


def _try_value(path: str, candidate: Candidate, task: Task, key: str, value: Scalar) -> None:
    learner = KINDS[candidate.type].build(task, {key: value}, 0, 1)
    try:
        learner._validate_params()
    except ValueError as error:
        reason = str(error).rstrip(".")
        hint = " (for integers, add integer: true)" if isinstance(value, float) and ".search." in path else ""
        raise InputError(f"{path} cannot be {value!r}: {reason}; change it{hint}") from error


def _check_target(config: Config) -> None:
    column = config.contract.columns.get(config.data.target)
    if column is None:
        raise InputError(
            f"data.target is {config.data.target!r}, which is not in contract.columns: "
            f"{', '.join(config.contract.columns)}"
        )
    usable = ("string", "integer", "boolean") if config.task == "classification" else ("integer", "number")
    if column.type not in usable:
        raise InputError(
            f"contract.columns.{config.data.target}.type is {column.type}, but the target of a {config.task} "
            f"is one of {', '.join(usable)}: change the type, or data.target, or task"
        )
