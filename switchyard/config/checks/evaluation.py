"""What must hold between the config's section `evaluation` and the others: columns that exist and can be grouped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from switchyard.config.reading.yaml12 import KeyPath, close_match
from switchyard.config.sections import Config, Names

Problem = tuple[KeyPath, str]


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
    """What rows are grouped by is a column of the contract, other than the target and datetimes, and named once."""
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
                yield path, f"is {name!r}, which stands there twice; keep one"


def _bins(config: Config) -> Iterator[Problem]:
    """Numbers are cut, at rising points."""
    for name, cuts in config.evaluation.slices.bins.items():
        path = ("evaluation", "slices", "bins", name)
        problem = _no_groups(config, name)
        if problem:
            yield path, f"names {name!r}, {problem}"
            continue
        kind = config.contract.columns[name].type
        if kind not in ("integer", "number"):
            yield path, f"cuts a {kind} column, but only integer and number have bins; leave it out"
        elif not cuts:
            yield (
                path,
                "is an empty list, so there is nothing to cut at; name the points, or leave it out for quartiles",
            )
        for one, other in pairwise(cuts):
            if one >= other:
                yield path, f"has {one:g} before {other:g}, but the points must rise"
                break


def _pairs(config: Config) -> Iterator[Problem]:
    """A pair is of two columns, and told once."""
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
            yield path, f"is [{', '.join(pair)}], which stands there twice; keep one"


def _task(config: Config) -> Iterator[Problem]:
    """Costs and fairness are about two classes."""
    reporting, target = config.evaluation, config.contract.columns.get(config.data.target)
    wrong = ""
    if config.task == "regression":
        wrong = "but task is regression"
    elif target is not None and target.allowed and len(set(target.allowed)) > 2:
        wrong = f"but the target has {len(set(target.allowed))} allowed values"
    if wrong and "costs" in reporting.model_fields_set:
        yield ("evaluation", "costs"), f"is for two classes, {wrong}; leave it out"
    if wrong and reporting.sensitive:
        yield ("evaluation", "sensitive"), f"is for two classes, {wrong}; leave it out"


def _no_groups(config: Config, name: str) -> str:
    """Why rows cannot be grouped by this column; empty if they can."""
    known = config.contract.columns
    if name not in known:
        guess = close_match(name, list(known))
        question = f"did you mean {guess}? " if guess else ""
        return f"which is no column of contract.columns; {question}allowed are {', '.join(known)}"
    if name == config.data.target:
        return "which is the target; name another column"
    if known[name].type == "datetime":
        return "a datetime, by which no rows are grouped; name another column"
    return ""
