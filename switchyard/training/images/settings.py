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
    """How a network is trained.

    Attributes:
        size: Height and width that the network sees; every image is resized to it.
        channels: 1 for grey, 3 for RGB.
        width: Channels of the first convolution; each stage has twice those of the one before.
        epochs: At most this many passes over the training images; the learning rate falls to zero at the last.
        batch_size: Images a step, of all processes together.
        learning_rate: The highest, of a one-cycle schedule.
        weight_decay: AdamW's.
        label_smoothing: The share of probability that the loss gives to all classes alike.
        patience: Stop when the validation loss has not improved for this many epochs after the warm-up; 0: never.
        rotate: Training images are turned by at most this many degrees, either way, anew in every epoch.
        shift: And moved by at most this share of the width and of the height, either way.
        zoom: And made larger or smaller by at most this share.
        flip: And half of them mirrored left to right (a mirrored digit is none, so not by default).
        mixed_precision: Compute in bfloat16 (float16 where a GPU has no bfloat16); auto: on a GPU only.
        processes: One for each GPU if it is None; more than one on a CPU is for tests.
        workers: Processes that read and decode images ahead of the training; 0: the training does it itself.
        cache_mb: Decoded images are kept in memory if all of them take no more than this.
        shuffle_rows: Images are shuffled among at least this many; a worker holds their encoded bytes.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    size: Annotated[tuple[int, int], Field(strict=False)]
    channels: Literal[1, 3]
    width: int = Field(default=16, ge=1, le=1024)
    epochs: int = Field(default=20, ge=1, le=10_000)
    batch_size: int = Field(default=64, ge=1, le=1_000_000)
    learning_rate: float = Field(default=0.004, gt=0, le=10)
    weight_decay: float = Field(default=0.01, ge=0, le=10)
    label_smoothing: Share = 0.0
    patience: int = Field(default=5, ge=0)
    rotate: float = Field(default=10, ge=0, le=180)
    shift: Share = 0.1
    zoom: Share = 0.1
    flip: bool = False
    mixed_precision: Literal["auto", "on", "off"] = "auto"
    processes: int | None = Field(default=None, ge=1)
    workers: int = Field(default=0, ge=0)
    cache_mb: int = Field(default=1024, ge=0)
    shuffle_rows: int = Field(default=10_000, ge=1)


class ArcFaceTraining(ImageTraining):
    """How an embedding is trained, and how its gallery answers.

    Attributes:
        embedding_size: Numbers of an embedding.
        margin: The angle, in radians, by which an image must be nearer to its class than to any other (m in the paper).
        feature_scale: What cosines are multiplied by before the softmax (s in the paper).
        neighbours: How many of the nearest images an answer names.
        vote: How many of them decide on the label; 1: the nearest alone.
        threshold: An image whose nearest neighbour has a lower cosine is answered with `unknown`.
        largest_exact: A gallery of more images is searched by FAISS, beside the graph.
    """

    embedding_size: int = Field(default=64, ge=2, le=4096)
    margin: float = Field(default=0.4, ge=0, lt=1.6)
    feature_scale: float = Field(default=20, gt=0, le=1000)
    neighbours: int = Field(default=5, ge=1, le=1000)
    vote: int = Field(default=1, ge=1, le=1000)
    threshold: float = Field(default=0.5, ge=-1, le=1)
    largest_exact: int = Field(default=LARGEST_EXACT, ge=1, le=LARGEST_EXACT)

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
