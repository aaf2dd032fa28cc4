"""Which numbers the report of an image model will have, known before anything is trained: what gates may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchyard.evaluation.gates.schema import only_data_tells, schema_of

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageConfig, ImageReporting
    from switchyard.config.sections import Metrics
    from switchyard.evaluation.gate_names import Place


@dataclass(frozen=True)
class ImageGates:
    """What the sections derive their gate names from; see `GateSchema`.

    Attributes:
        task: The config's task.
        metrics: The primary metric.
        reporting: The config's section `evaluation`.
        classes: What the model will know; None while that is not known.
        has_unseen: Whether the test has images of other classes.
    """

    task: str
    metrics: Metrics
    reporting: ImageReporting
    classes: Sequence[str] | None
    has_unseen: bool

    contract_counts = ("rows", "checks", "failed", "compared")

    @property
    def primary(self) -> str:
        """The primary metric."""
        return self.metrics.primary

    @property
    def seeds(self) -> int:
        """See `GateSchema.seeds`."""
        return self.reporting.seeds

    @property
    def class_count(self) -> int | None:
        """How many classes the model will know."""
        return None if self.classes is None else len(self.classes)


def places(config: ImageConfig) -> Place:
    """The root of the tree of names, as far as the config tells them: without `contract.classes` any class may be."""
    classes = config.contract.classes
    trained = None if classes is None else [name for name in classes if name not in config.split.unseen]
    return tree(config.task, config.metrics, config.evaluation, trained, has_unseen=bool(config.split.unseen))


def places_of_splits(
    task: str, metrics: Metrics, reporting: ImageReporting, train: pl.LazyFrame, test: pl.LazyFrame
) -> Place:
    """The root of the tree of names once the images are split.

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
    """The root of the tree of gate names; arguments as in `ImageGates`."""
    return schema_of("images", ImageGates(task, metrics, reporting, classes, has_unseen))


def needs_data(name: str) -> bool:
    """Whether only the images can tell if a gate's name leads to a number."""
    return only_data_tells("images", name)
