"""What a config may say about how an image model is trained; the loop itself is in `training.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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
        patience: Stop when the validation loss has not improved for this many epochs; 0: never.
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
