"""What must hold between the keys of an image config, beyond what each key allows by itself."""

from __future__ import annotations

from collections.abc import Iterator

from switchyard.config.checks.shared import Problem, allowed, fixed_and_searched, unknown_metrics, unknown_steps
from switchyard.config.images import IMAGE_COLUMNS, ImageConfig

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
    yield from unknown_metrics(config)
    if config.task == "image_retrieval" and config.champion.test == "delong":
        yield ("champion", "test"), "is 'delong', which compares ROC AUC; use auto, mcnemar or bootstrap"


def _classes(config: ImageConfig) -> Iterator[Problem]:
    """There are classes to tell apart, and those left out of training are among them."""
    classes, unseen = config.contract.classes, config.split.unseen
    if classes is not None and len(classes) - len(unseen) < 2:
        kept = "" if not unseen else f" without those of split.unseen ({', '.join(unseen)})"
        yield ("contract", "classes"), f"has {len(classes)}{kept}, but training needs at least two classes"
    for i, name in enumerate(unseen):
        if classes is not None and name not in classes:
            yield ("split", "unseen", i), f"is {name!r}, which is not in contract.classes: {', '.join(classes)}"
    if unseen and config.task == "image_classification":
        yield ("split", "unseen"), "leaves classes out of training, which only image_retrieval can do; remove the key"


def _evaluation(config: ImageConfig) -> Iterator[Problem]:
    """Costs need two classes."""
    if "costs" not in config.evaluation.model_fields_set:
        return
    classes = config.contract.classes
    if config.task == "image_retrieval":
        yield ("evaluation", "costs"), "needs exactly two classes, but task is image_retrieval; leave it out"
    elif classes is not None and len(classes) > 2:
        yield (
            ("evaluation", "costs"),
            f"needs exactly two classes, but contract.classes has {len(classes)}; leave it out",
        )


def _distribution(config: ImageConfig) -> Iterator[Problem]:
    for name, column in config.contract.distribution.columns.items():
        path = ("contract", "distribution", "columns", name)
        if name not in IMAGE_COLUMNS:
            yield path, f"is not measured of images; {allowed(name, IMAGE_COLUMNS)}"
        elif column.method == "ks" and name in _CATEGORIES:
            yield (*path, "method"), f"is ks, which needs ordered values, and those of {name} have no order; use psi"
