"""What a version is asked before it goes live: what the steps deploy and release do for a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from switchyard.config.images import IMAGE_TASKS
from switchyard.config.sections import TABLE_TASKS, Expectations, Section

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


class Serving(Protocol):
    """What an endpoint must answer."""

    def golden(
        self, model: OnnxModel, test: pl.LazyFrame, *, data: Section, expectations: Expectations, count: int, seed: int
    ) -> GoldenRows:
        """Golden rows and what else must hold, see `switchyard.serving.rollout.golden`.

        Args:
            model: What answers, in this process.
            test: The rows that some are taken from.
            data: The config's section.
            expectations: What the endpoint must do; those about columns that the model does not read are left out.
            count: How many golden rows.
            seed: Of the rows that the expectations are checked with.
        """


def serving(task: str) -> Serving:
    """The functions of a task; what they need is imported only now."""
    return _KINDS[task]()


def _tables() -> Serving:
    from switchyard.serving.rollout import tables as table_steps

    return cast(Serving, table_steps)


def _images() -> Serving:
    from switchyard.serving.rollout import images as image_steps

    return cast(Serving, image_steps)


_KINDS: dict[str, Callable[[], Serving]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
