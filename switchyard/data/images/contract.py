"""Whether ingested images keep their contract; the pixels are not looked at again, ingest has measured them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.images import ImageContract
from switchyard.data.contract_report import EXAMPLES, Check, Example, Violation
from switchyard.data.images.contract_report import ImageReport
from switchyard.data.images.near_duplicates import near_pairs

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class _Finding:
    """What a rule measured: how many images (or classes, files, pairs) break it, and some of them."""

    rule: str
    asked: Any
    count: int
    broken: bool
    examples: tuple[Example, ...] = ()


def check(images: pl.LazyFrame, unreadable: pl.LazyFrame, contract: ImageContract, source: str) -> ImageReport:
    """Measure every rule of the contract.

    Args:
        images: The ingested table; the column of bytes is not read.
        unreadable: Path and reason of each file that is not in it.
        contract: The rules.
        source: What the data is called in sentences.
    """
    import polars as pl

    facts = ["label", "width", "height", "format", "mode", "hash", "path", "phash"]
    frame = images.select(facts).with_row_index("row", offset=1).collect(engine="streaming")
    refused = unreadable.collect()
    classes = dict(frame.group_by("label").len().sort("label").iter_rows())
    findings = [
        _files(refused, contract),
        _Finding("min_images", contract.min_images, frame.height, frame.height < contract.min_images),
        _class_sizes(classes, contract),
        *_per_image(frame, contract),
        *_repeats(frame, contract),
    ]
    columns: dict[str, dict[str, Any]] = {
        name: {"type": str(frame.schema[name]).lower()}
        | ({"min": frame[name].min(), "max": frame[name].max()} if name in ("width", "height") else {})
        for name in ("label", "width", "height", "format", "mode")
    }
    return ImageReport(
        source,
        frame.height,
        columns,
        tuple(Check(None, f.rule, f.count, _plain(f.asked), not f.broken) for f in findings),
        tuple(Violation(None, f.rule, f.count, f.asked, f.examples) for f in findings if f.broken),
        classes=classes,
        unreadable=refused.select(pl.len()).item(),
    )


def _files(refused: pl.DataFrame, contract: ImageContract) -> _Finding:
    examples = [f"{path} {reason}" for path, reason in refused.head(EXAMPLES).iter_rows()]
    count, asked = refused.height, contract.max_unreadable
    return _Finding("max_unreadable", asked, count, count > asked, _numbered(examples))


def _class_sizes(classes: dict[str, int], contract: ImageContract) -> _Finding:
    asked = contract.min_images_per_class
    sizes = dict.fromkeys(contract.classes or (), 0) | classes
    small = [(name, size) for name, size in sizes.items() if size < asked]
    examples = [f"{name}: {size:,} image{'s' * (size != 1)}" for name, size in small[:EXAMPLES]]
    return _Finding("min_images_per_class", asked, len(small), bool(small), _numbered(examples))


def _per_image(frame: pl.DataFrame, contract: ImageContract) -> Iterator[_Finding]:
    """The rules that one image by itself can break."""
    import polars as pl

    rules: list[tuple[str, Any, str, Callable[[Any], pl.Expr]]] = [
        ("formats", contract.formats, "format", lambda allowed: ~pl.col("format").is_in(list(allowed))),
        ("modes", contract.modes, "mode", lambda allowed: ~pl.col("mode").is_in(list(allowed))),
        ("classes", contract.classes, "label", lambda allowed: ~pl.col("label").is_in(list(allowed))),
        ("min_width", contract.min_width, "width", lambda bound: pl.col("width") < bound),
        ("max_width", contract.max_width, "width", lambda bound: pl.col("width") > bound),
        ("min_height", contract.min_height, "height", lambda bound: pl.col("height") < bound),
        ("max_height", contract.max_height, "height", lambda bound: pl.col("height") > bound),
    ]
    for rule, asked, column, breaks in rules:
        if asked is not None:
            broken = frame.filter(breaks(asked))
            shown = broken.head(EXAMPLES).select("row", "path", column).iter_rows()
            examples = tuple(Example(row, f"{path}: {value}") for row, path, value in shown)
            yield _Finding(rule, asked, broken.height, bool(broken.height), examples)


def _repeats(frame: pl.DataFrame, contract: ImageContract) -> Iterator[_Finding]:
    """The rules about images that are the same, byte by byte or to the eye."""
    import polars as pl

    first = pl.col("path").first().over("hash")
    repeats = frame.with_columns(first=first).filter(~pl.col("hash").is_first_distinct())
    if contract.max_duplicates is not None:
        shown = repeats.head(EXAMPLES).select("row", "path", "first").iter_rows()
        examples = tuple(Example(row, f"{path} is {other}") for row, path, other in shown)
        over = repeats.height > contract.max_duplicates
        yield _Finding("max_duplicates", contract.max_duplicates, repeats.height, over, examples)
    torn = frame.filter(pl.col("label").n_unique().over("hash") > 1)
    grouped = torn.group_by("hash", maintain_order=True).agg(pl.col("row").first(), "path", "label")
    shown = grouped.head(EXAMPLES).select("row", "path", "label").iter_rows()
    examples = tuple(Example(row, _in_classes(paths, labels)) for row, paths, labels in shown)
    count, asked = grouped.height, contract.max_conflicts
    yield _Finding("max_conflicts", asked, count, count > asked, examples)
    if contract.near_duplicates.max is not None:
        yield _near(frame, contract)


def _in_classes(paths: list[str], labels: list[str]) -> str:
    return " is ".join(f"{path} ({label})" for path, label in zip(paths, labels, strict=True))


def _near(frame: pl.DataFrame, contract: ImageContract) -> _Finding:
    """Pairs of different files that look the same; copies of a file count once."""
    different = frame.unique("hash", keep="first", maintain_order=True)
    hashes, place, sizes = np.unique(different["phash"].to_numpy(), return_inverse=True, return_counts=True)
    asked = contract.near_duplicates
    pairs = near_pairs(hashes, asked.distance)
    equal = int((sizes * (sizes - 1) // 2).sum())
    count = equal + int((sizes[pairs[:, 0]] * sizes[pairs[:, 1]]).sum())
    examples = _near_examples(different, place, sizes, pairs)
    broken = asked.max is not None and count > asked.max
    return _Finding("near_duplicates", asked.model_dump(), count, broken, examples)


def _near_examples(
    different: pl.DataFrame, place: np.ndarray, sizes: np.ndarray, pairs: np.ndarray
) -> tuple[Example, ...]:
    members: list[tuple[int, int]] = []
    for code in np.flatnonzero(sizes > 1)[:EXAMPLES].tolist():
        one, two, *_ = np.flatnonzero(place == code).tolist()
        members.append((one, two))
    for a, b in pairs[:EXAMPLES].tolist():
        members.append((int(np.argmax(place == a)), int(np.argmax(place == b))))
    rows, paths = different["row"], different["path"]
    return tuple(Example(rows[one], f"{paths[one]} and {paths[two]}") for one, two in members[:EXAMPLES])


def _numbered(texts: list[str]) -> tuple[Example, ...]:
    return tuple(Example(number, text) for number, text in enumerate(texts, start=1))


def _plain(asked: Any) -> Any:  # noqa: ANN401 - whatever a rule asks for, as JSON has it
    if isinstance(asked, dict):
        return f"at most {asked['max']:,} within {asked['distance']} bits"
    return list(asked) if isinstance(asked, tuple) else asked
