"""Rules between keys that several kinds of data share, and the sentences that several rules share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from switchyard.config.column_values import check_value, is_allowed
from switchyard.config.reading.yaml12 import KeyPath, close_match
from switchyard.config.sections import Column, Scalar, UseCase
from switchyard.config.step_options import STEPS
from switchyard.config.task_metrics import metric_problem

Problem = tuple[KeyPath, str]
"""A key path, and the rest of a sentence about what is wrong there."""


def unknown_metrics(config: UseCase) -> Iterator[Problem]:
    """Yields the metrics that the task does not have."""
    chosen = {("metrics", "primary"): config.metrics.primary, ("search", "metric"): config.search.metric}
    for where, name in chosen.items():
        if name is not None and (problem := metric_problem(name, config.task)):
            yield where, problem


def unknown_steps(steps: Iterable[str], candidates: Iterable[str]) -> Iterator[Problem]:
    """Yields the keys of `steps` that name no step."""
    known = ["default", *STEPS, *(f"train_{name}" for name in candidates)]
    for name in steps:
        if name not in known:
            yield ("steps", name), f"is not a step; {allowed(name, known)}"


def fixed_and_searched(candidate: str, params: Iterable[str], search: Iterable[str]) -> Iterator[Problem]:
    """Yields the hyperparameters of a candidate that are fixed and searched at once."""
    for key in sorted(set(params) & set(search)):
        yield (
            ("candidates", candidate, "search", key),
            f"is also fixed under candidates.{candidate}.params; keep one of the two",
        )


def not_a_class(path: KeyPath, label: Scalar, target: Column) -> Iterator[Problem]:
    """Yields why a value is not a class of the target, as far as the contract tells."""
    if target.allowed is not None and not is_allowed(label, target.allowed, target.type):
        yield (
            path,
            f"is {label!r}, but must be one of the target's allowed values: {', '.join(map(str, target.allowed))}",
        )
        return
    try:
        check_value(label, target.type)
    except ValueError as error:
        yield path, str(error)


def not_in_contract(name: str, known: Iterable[str]) -> str:
    """Says of a name that it is not a column of the contract, and which there are."""
    return f"is not a column in contract.columns; {allowed(name, known)}"


def allowed(name: str, known: Iterable[str]) -> str:
    """Says which names are allowed, first the one that was probably meant."""
    names = list(known)
    guess = close_match(name, names)
    return f"{f'did you mean {guess}? ' if guess else ''}allowed are {', '.join(names)}"
