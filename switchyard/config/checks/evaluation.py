"""What must hold between the config's section `evaluation` and the others: columns that exist and can be grouped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from switchyard.config.checks.shared import Problem, not_in_contract
from switchyard.config.reading.yaml12 import KeyPath
from switchyard.config.sections import Config, Names


def reporting_problems(config: Config) -> Iterator[Problem]:
    """Yields each contradiction: the key path, and what is wrong there.

    Args:
        config: A config that is valid key by key.

    Yields:
        A key path and the rest of a sentence about it.
    """
    yield from _columns(config)
    yield from _bins(config)
    yield from _pairs(config)
    yield from _task(config)


def _columns(config: Config) -> Iterator[Problem]:
    """Rows are grouped by columns of the contract, each listed once, and never by the target or a datetime."""
    reporting = config.evaluation
    lists: list[tuple[KeyPath, Names]] = [
        (("evaluation", "slices", "columns"), reporting.slices.columns or ()),
        (("evaluation", "sensitive"), reporting.sensitive),
    ]
    for key, names in lists:
        for i, name in enumerate(names):
            path = (*key, i)
            problem = _no_groups(config, name)
            if problem:
                yield path, f"is {name!r}, {problem}"
            elif name in names[:i]:
                yield path, f"is {name!r}, which is listed twice; keep one"


def _bins(config: Config) -> Iterator[Problem]:
    """Only numbers have bins, and their cut points increase."""
    for name, cuts in config.evaluation.slices.bins.items():
        path = ("evaluation", "slices", "bins", name)
        problem = _no_groups(config, name)
        if problem:
            yield path, f"names {name!r}, {problem}"
            continue
        kind = config.contract.columns[name].type
        if kind not in ("integer", "number"):
            yield path, f"is a {kind} column, but only integer and number columns have bins; leave it out"
        elif not cuts:
            yield (
                path,
                "is an empty list; name the cut points, or leave it out to use quartiles",
            )
        for one, other in pairwise(cuts):
            if one >= other:
                yield path, f"has {one:g} before {other:g}, but cut points must increase"
                break


def _pairs(config: Config) -> Iterator[Problem]:
    """Each pair names two different columns, and is listed once."""
    pairs = config.evaluation.slices.pairs
    for i, pair in enumerate(pairs):
        path = ("evaluation", "slices", "pairs", i)
        if len(pair) != 2 or len(set(pair)) != 2:
            yield path, f"is [{', '.join(pair)}], but must be two different columns, such as [sex, age]"
            continue
        problems = [f"names {name!r}, {problem}" for name in pair if (problem := _no_groups(config, name))]
        if problems:
            yield path, problems[0]
        elif any(set(pair) == set(earlier) for earlier in pairs[:i]):
            yield path, f"is [{', '.join(pair)}], which is listed twice; keep one"


def _task(config: Config) -> Iterator[Problem]:
    """Costs and fairness need two classes."""
    reporting, target = config.evaluation, config.contract.columns.get(config.data.target)
    wrong = ""
    if config.task == "regression":
        wrong = "but task is regression"
    elif target is not None and target.allowed and len(set(target.allowed)) > 2:
        wrong = f"but the target has {len(set(target.allowed))} allowed values"
    if wrong and "costs" in reporting.model_fields_set:
        yield ("evaluation", "costs"), f"needs exactly two classes, {wrong}; leave it out"
    if wrong and reporting.sensitive:
        yield ("evaluation", "sensitive"), f"needs exactly two classes, {wrong}; leave it out"


def _no_groups(config: Config, name: str) -> str:
    """Why rows cannot be grouped by this column; empty if they can."""
    known = config.contract.columns
    if name not in known:
        return f"which {not_in_contract(name, known)}"
    if name == config.data.target:
        return "which is the target; name another column"
    if known[name].type == "datetime":
        return "a datetime column, and rows cannot be grouped by time; name another column"
    return ""
