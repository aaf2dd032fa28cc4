"""What must hold between the keys of an image config, beyond what each key allows by itself."""

from __future__ import annotations

from collections.abc import Iterator

from switchyard.config.checks.tables import Problem, fixed_and_searched, unknown_steps
from switchyard.config.images import IMAGE_COLUMNS, ImageConfig
from switchyard.config.reading.yaml12 import close_match
from switchyard.config.task_metrics import metrics_of

_CANDIDATES = {"image_classification": "cnn", "image_retrieval": "arcface"}
_CATEGORIES = ("label", "format", "mode")


def image_problems(config: ImageConfig) -> Iterator[Problem]:
    """Yields each contradiction between two keys: the key path, and what is wrong there.

    Args:
        config: A config that is valid key by key.

    Yields:
        A key path and the rest of a sentence about it.
    """
    yield from _metrics(config)
    yield from _classes(config)
    yield from _distribution(config)
    yield from _evaluation(config)
    for name, candidate in config.candidates.items():
        wanted = _CANDIDATES[config.task]
        if candidate.type != wanted:
            yield ("candidates", name, "type"), f"is {candidate.type}, but the type for {config.task} is {wanted}"
        yield from fixed_and_searched(name, candidate.params, candidate.search)
    yield from unknown_steps(config.steps, config.candidates)


def _metrics(config: ImageConfig) -> Iterator[Problem]:
    """Metrics and the champion's test fit the task."""
    allowed = metrics_of(config.task)
    chosen = {("metrics", "primary"): config.metrics.primary, ("search", "metric"): config.search.metric}
    for where, name in chosen.items():
        if name is not None and name not in allowed:
            yield where, f"is {name!r}, but must be a metric for {config.task}: one of {', '.join(allowed)}"
    if config.task == "image_retrieval" and config.champion.test == "delong":
        yield ("champion", "test"), "is 'delong', which compares ROC AUC; use auto, mcnemar or bootstrap"


def _classes(config: ImageConfig) -> Iterator[Problem]:
    """There are classes to tell apart, and those left out of training are among them."""
    classes, unseen = config.contract.classes, config.split.unseen
    if classes is not None and len(classes) - len(unseen) < 2:
        kept = "" if not unseen else f" without those of split.unseen ({', '.join(unseen)})"
        yield ("contract", "classes"), f"has {len(classes)}{kept}, but two or more classes must be left to tell apart"
    for i, name in enumerate(unseen):
        if classes is not None and name not in classes:
            yield ("split", "unseen", i), f"is {name!r}, which is none of contract.classes: {', '.join(classes)}"
    if unseen and config.task == "image_classification":
        yield ("split", "unseen"), "leaves classes out of training, which is for image_retrieval; leave the key out"


def _evaluation(config: ImageConfig) -> Iterator[Problem]:
    """Costs are of two classes."""
    if "costs" not in config.evaluation.model_fields_set:
        return
    classes = config.contract.classes
    if config.task == "image_retrieval":
        yield ("evaluation", "costs"), "is for two classes, but task is image_retrieval; leave it out"
    elif classes is not None and len(classes) > 2:
        yield ("evaluation", "costs"), f"is for two classes, but contract.classes has {len(classes)}; leave it out"


def _distribution(config: ImageConfig) -> Iterator[Problem]:
    for name, column in config.contract.distribution.columns.items():
        path = ("contract", "distribution", "columns", name)
        if name not in IMAGE_COLUMNS:
            guess = close_match(name, list(IMAGE_COLUMNS))
            question = f"did you mean {guess}? " if guess else ""
            yield path, f"is nothing that is measured of an image; {question}allowed are {', '.join(IMAGE_COLUMNS)}"
        elif column.method == "ks" and name in _CATEGORIES:
            yield (*path, "method"), f"is ks, which needs an order, and {name} has none; use psi"
