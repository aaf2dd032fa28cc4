"""Which numbers the report of an image model will have, known before anything is trained: what gates may name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from switchyard.config.metrics_of_task import metrics_of
from switchyard.evaluation.gates.names import ESTIMATE, NUMBER, Place

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageConfig, ImageReporting, ImageRobustness
    from switchyard.config.sections import Metrics


def places(config: ImageConfig) -> Place:
    """The root of the tree of names, as far as the config tells them: without `contract.classes` any class may be."""
    classes = config.contract.classes
    trained = None if classes is None else [name for name in classes if name not in config.split.unseen]
    return tree(config.task, config.metrics, config.evaluation, trained, has_unseen=bool(config.split.unseen))


def places_of_splits(
    task: str, metrics: Metrics, reporting: ImageReporting, train: pl.LazyFrame, test: pl.LazyFrame
) -> Place:
    """The root of the tree of names once the images are dealt.

    Args:
        task: The config's task.
        metrics: The primary metric.
        reporting: The config's section `evaluation`.
        train: The images that the candidates learn from.
        test: The images that the gates are about.
    """
    known, tested = (set(part.select("label").unique().collect()["label"].to_list()) for part in (train, test))
    return tree(task, metrics, reporting, sorted(known), has_unseen=bool(tested - known))


def tree(
    task: str, metrics: Metrics, reporting: ImageReporting, classes: Sequence[str] | None, *, has_unseen: bool
) -> Place:
    """The root of the tree of names.

    Args:
        task: The config's task.
        metrics: The primary metric.
        reporting: The config's section `evaluation`.
        classes: What the model will know; None while that is not known.
        has_unseen: Whether the test has images of other classes.
    """
    made: dict[str, Place] = dict.fromkeys(metrics_of(task), ESTIMATE)
    made |= {"parity": NUMBER, "size_mb": NUMBER, "latency_ms": _numbers("p50", "p95", "p99")}
    if task == "image_classification":
        made["calibration"] = Place(below={"ece": ESTIMATE})
        if classes is None or len(classes) == 2:
            made["thresholds"] = _thresholds()
    else:
        made["retrieval"] = _retrieval(has_unseen)
    figures = Place(below={"rows": NUMBER, "recall": ESTIMATE, "precision": ESTIMATE})
    named = Place(any_name=figures) if classes is None else Place(below=dict.fromkeys(classes, figures))
    made["classes"] = named
    made["robustness"] = _robustness(metrics.primary, reporting.robustness)
    if reporting.seeds:
        made["stability"] = _numbers("mean", "std", "low", "high")
    made["training"] = _numbers("seconds", "peak_memory_mb", "rows")
    made["contract"] = _numbers("rows", "checks", "failed", "compared")
    return Place(below=made)


def needs_data(name: str) -> bool:
    """Whether only the images can tell if a gate's name leads to a number."""
    return name.startswith(("classes.", "thresholds.", "retrieval.open_set."))


def _numbers(*names: str) -> Place:
    return Place(below=dict.fromkeys(names, NUMBER))


def _robustness(primary: str, settings: ImageRobustness) -> Place:
    """Each way to shake an image by its highest strength, and those below it under `milder`."""
    figures = {primary: ESTIMATE, **_numbers("strength", "loss", "loss_low", "loss_high").below}
    ways = {}
    for name, strengths in settings:
        milder = {f"{strength:g}": Place(below=figures) for strength in strengths[:-1]}
        ways[name] = Place(below=figures | ({"milder": Place(below=milder)} if milder else {}))
    return Place(below=ways)


def _thresholds() -> Place:
    from switchyard.evaluation.gates.names import threshold_places

    return threshold_places()


def _retrieval(has_unseen: bool) -> Place:
    open_set: Iterable[str] = ("known_refused", "known_right", *(("unknown_refused", "auroc") if has_unseen else ()))
    verification = {"threshold": NUMBER, "pairs": _numbers("genuine", "impostor")}
    return Place(
        below={
            "gallery": _numbers("images", "classes"),
            "search_recall": NUMBER,
            "verification": Place(below=verification),
            "open_set": Place(below={"threshold": NUMBER, **dict.fromkeys(open_set, ESTIMATE)}),
        }
    )
