"""What a config may say about how an image model is trained; the loop itself is in `training.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from switchyard.errors import InputError

if TYPE_CHECKING:
    from switchyard.config.recipes import ImageTrain

LARGEST_EXACT = 100_000
"""A graph with its gallery compares with every image of it at each request, so no larger one is put there."""

Share = Annotated[float, Field(ge=0, lt=1)]


class ImageTraining(BaseModel):
    """How a network is trained."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    size: Annotated[tuple[int, int], Field(strict=False)]
    """Height and width that the network sees; every image is resized to it."""
    channels: Literal[1, 3]
    """The number of colour channels: 1 for grey, 3 for RGB."""
    width: int = Field(default=16, ge=1, le=1024)
    """Channels of the first convolution. Each stage has twice as many as the one before, up to eight times as many."""
    epochs: int = Field(default=20, ge=1, le=10_000)
    """The most passes over the training images.

    The learning rate rises to `learning_rate` and falls to zero at the last (one cycle).
    """
    batch_size: int = Field(default=64, ge=1, le=1_000_000)
    """Images per step, of all processes together."""
    learning_rate: float = Field(default=0.004, gt=0, le=10)
    """The highest learning rate of AdamW."""
    weight_decay: float = Field(default=0.01, ge=0, le=10)
    """The weight decay of AdamW."""
    label_smoothing: Share = 0.0
    """The share of probability that the loss gives to all classes alike."""
    patience: int = Field(default=5, ge=0)
    """Stop when the validation loss has not improved for this many epochs.

    The first three tenths of `epochs`, in which the learning rate rises, do not count. 0 means never. The epoch with
    the lowest loss is kept.
    """
    rotate: float = Field(default=10, ge=0, le=180)
    """Training images are rotated by at most this many degrees, anew in every epoch."""
    shift: Share = 0.1
    """Training images are moved by at most this share of each side."""
    zoom: Share = 0.1
    """Training images are made larger or smaller by at most this share."""
    flip: bool = False
    """Whether half of the training images are mirrored left to right."""
    mixed_precision: Literal["auto", "on", "off"] = "auto"
    """Whether to compute in bfloat16 (`on`; float16 on a GPU without it) or float32 (`off`).

    `auto`: `on` on a GPU only.
    """
    processes: int | None = Field(default=None, ge=1)
    """Training processes.

    Each has its part of every batch, and together they learn what one process would. Default: one for each GPU, or 1.
    """
    workers: int = Field(default=0, ge=0)
    """Processes that read and decode ahead, when the images are not kept in memory."""
    cache_mb: int = Field(default=1024, ge=0)
    """Decoded images are kept in memory if they take at most this many MB. Otherwise they stream from Parquet."""
    shuffle_rows: int = Field(default=10_000, ge=1)
    """Images are shuffled among at least this many. Their encoded bytes are held in memory, once for each worker."""


class ArcFaceTraining(ImageTraining):
    """How an embedding is trained, and how its gallery answers."""

    embedding_size: int = Field(default=64, ge=2, le=4096)
    """Numbers in an embedding."""
    margin: float = Field(default=0.4, ge=0, lt=1.6)
    """The angle, in radians, by which an image must be nearer to its class than to any other."""
    feature_scale: float = Field(default=20, gt=0, le=1000)
    """The factor of the cosines before the softmax. Use more for more classes (64 in the paper, for 85,000)."""
    neighbours: int = Field(default=5, ge=1, le=1000)
    """How many of the nearest images an answer names."""
    vote: int = Field(default=1, ge=1, le=1000)
    """How many of the nearest images decide on the label."""
    threshold: float = Field(default=0.5, ge=-1, le=1)
    """An image whose nearest neighbour has a lower cosine is answered with `unknown`. No class may have that name."""
    largest_exact: int = Field(default=LARGEST_EXACT, ge=1, le=LARGEST_EXACT)
    """A gallery of more images is searched by an index [beside the graph](#a-gallery-beside-the-graph)."""

    @model_validator(mode="after")
    def _neighbours_vote(self) -> Self:
        if self.vote > self.neighbours:
            raise ValueError(f"vote is {self.vote}, more than neighbours ({self.neighbours}); raise neighbours")
        return self


SETTINGS: dict[str, type[ImageTraining]] = {"cnn": ImageTraining, "arcface": ArcFaceTraining}
"""What the `params` of each kind of candidate may be; `read_settings` reads them, and is cheap to call beforehand."""

Kind = TypeVar("Kind", bound=ImageTraining)


def settings_of(kind: type[Kind], recipe: ImageTrain) -> Kind:
    """The settings of a candidate; see `read_settings`."""
    return read_settings(kind, recipe.name, recipe.candidate.params, recipe.image.size, recipe.image.channels)


def read_settings(kind: type[Kind], name: str, params: Mapping[str, Any], size: tuple[int, int], channels: int) -> Kind:
    """The settings that a candidate's params say.

    Raises:
        InputError: A parameter is unknown or has a value that cannot be.
    """
    try:
        return kind.model_validate({"size": size, "channels": channels, **params})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["candidates", name, "params", *(str(part) for part in first["loc"])])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(set(kind.model_fields) - {"size", "channels"}))
            raise InputError(f"{key} is not known; it can be {known}") from error
        if first["type"] == "value_error":
            raise InputError(f"{key}: {first['ctx']['error']}") from error
        problem = f"{first['msg'][0].lower()}{first['msg'][1:]}"
        raise InputError(f"{key} is {first['input']!r}: {problem}") from error
