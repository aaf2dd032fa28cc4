"""A guessed use case of images as the text of a commented YAML file."""

from __future__ import annotations

import math
from collections.abc import Iterator

from switchyard.config.images import ImageConfig
from switchyard.data.commented_yaml import CommentedYaml
from switchyard.data.images.init.first_guess import ImageGuess
from switchyard.data.images.source import ImageSource
from switchyard.data.yaml_scalars import comment, sequence, text

_YAML = CommentedYaml(ImageConfig)
_MOST_CLASSES = 100  # a longer list helps nobody who reads the file


def render(use_case: str, source: ImageSource, found: ImageGuess) -> str:
    """The whole file.

    Args:
        use_case: Its name.
        source: For the URI and the format.
        found: What was decided.
    """
    return "\n".join([*_head(use_case, source, found), *_contract(found), *_middle(found), *_end(found)]) + "\n"


def _head(use_case: str, source: ImageSource, found: ImageGuess) -> Iterator[str]:
    yield f"# A first guess by `python run.py init` from the {found.images:,} images of {comment(source.shown)}."
    yield "# Read it through, above all the contract and the gates, and correct what you know better."
    yield "# docs/config-images.md describes every key. Run it with `python run.py --config` and this file's path."
    yield _YAML.key("name", text(use_case))
    yield _YAML.key("task", "image_classification")
    yield _YAML.key("seed")
    yield _YAML.key("threads")
    yield ""
    yield _YAML.section("data")
    yield _YAML.key("data.uri", text(source.uri))
    yield _YAML.key("data.format", source.format)
    if source.format in ("parquet", "csv"):
        yield _YAML.key("data.image")
        yield _YAML.key("data.label")
    yield ""


def _contract(found: ImageGuess) -> Iterator[str]:
    yield _YAML.section("contract")
    yield _YAML.key("contract.formats", sequence(found.formats))
    yield _YAML.key("contract.modes", sequence(found.modes))
    for side, (low, high) in (("width", found.widths), ("height", found.heights)):
        lowest, highest = (low, high) if low == high else (max(1, low // 2), high * 2)
        yield _YAML.key(f"contract.min_{side}", str(lowest), f"seen: {low:,} to {high:,}")
        yield _YAML.key(f"contract.max_{side}", str(highest))
    if len(found.classes) <= _MOST_CLASSES:
        yield _YAML.key("contract.classes", sequence(list(found.classes)))
    else:
        yield _YAML.left_out("contract.classes", "[CLASS, …]", f"{len(found.classes):,} were found")
    yield _YAML.key("contract.min_images", str(max(1, found.images // 2)), "guessed: half of what there is")
    yield _YAML.key("contract.min_images_per_class", str(_least(found)), _smallest_class(found))
    first = next(iter(found.unreadable.items()), None)
    named = f"the first one now: {' '.join(first)}" if first else ""
    yield _YAML.key("contract.max_unreadable", str(len(found.unreadable)), named)
    spare = found.images // 100 if found.duplicates else 0
    yield _YAML.key("contract.max_duplicates", str(found.duplicates + spare))
    yield _YAML.key("contract.max_conflicts", str(found.conflicts))
    yield _YAML.section("contract.near_duplicates")
    yield _YAML.key("contract.near_duplicates.distance")
    yield _YAML.left_out("contract.near_duplicates.max", "100", "by default they are not counted")
    yield _YAML.section("contract.distribution")
    yield _YAML.key("contract.distribution.method")
    yield _YAML.key("contract.distribution.max")
    yield ""


def _least(found: ImageGuess) -> int:
    return max(3, min(found.classes.values()) // 2)


def _smallest_class(found: ImageGuess) -> str:
    smallest = min(found.classes, key=lambda name: found.classes[name])
    few = found.classes[smallest]
    note = f"the smallest class, {smallest}, has {few:,}"
    return note if few >= 3 else f"{note}, too few for a split into three parts: add images, or remove it"


def _middle(found: ImageGuess) -> Iterator[str]:
    yield _YAML.section("split")
    yield _YAML.key("split.method")
    yield _YAML.key("split.validation")
    yield _YAML.key("split.test")
    yield _YAML.key("split.keep_together", "null" if found.keep_together is None else str(found.keep_together))
    yield ""
    yield _YAML.section("image")
    yield _YAML.key("image.size", f"[{found.size[0]}, {found.size[1]}]", "larger is slower")
    yield _YAML.key("image.channels", str(found.channels))
    yield ""
    yield _YAML.section("candidates")
    yield "  cnn:  # a small convolutional network"
    yield "    type: cnn"
    yield "    params: {}  # hyperparameters with a fixed value: docs/config-images.md lists them"
    yield ""


def _end(found: ImageGuess) -> Iterator[str]:
    majority = math.ceil(max(found.classes.values()) / found.images * 1000) / 1000
    yield _YAML.section("metrics")
    yield _YAML.key("metrics.primary", "accuracy")
    yield _YAML.key("metrics.bootstrap")
    yield _YAML.key("metrics.confidence")
    yield ""
    yield _YAML.section("gates", "measured on the test images")
    yield "  # These are starting points: they only ask to beat an answer given without a look at the image."
    yield "  # Raise them. If one fails, the model is registered but not deployed."
    yield f'  accuracy.low: "> {majority:g}"  # lower end of the interval; what the largest class alone reaches'
    yield '  parity: "<= 1e-5"  # how far the exported model may deviate from the trained one'
    yield ""
    yield from _YAML.champion_and_deployment()
