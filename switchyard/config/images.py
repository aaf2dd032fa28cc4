"""The use case file of an image task: what stands there in place of a table's sections.

`switchyard.config.loading.load` chooses `ImageConfig` by the task. What images share with tables (metrics, gates,
champion, steps, deployment) are the sections of `switchyard.config.sections`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from switchyard.config.descriptions import Allowed
from switchyard.config.sections import (
    TASKS,
    Costs,
    Distribution,
    Names,
    Scalar,
    Search,
    Section,
    Space,
    UseCase,
)

if TYPE_CHECKING:
    from switchyard.config.reading.yaml12 import KeyPath

ImageTask = Literal["image_classification", "image_retrieval"]
ImageFormat = Literal["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]
IMAGE_TASKS = get_args(ImageTask)

# The columns of the ingested table whose distribution is compared with the last accepted data.
IMAGE_COLUMNS = ("label", "format", "mode", "width", "height", "brightness", "contrast", "red", "green", "blue")

Parameter = Scalar | Annotated[tuple[Scalar, ...], Field(strict=False)]


class ImageData(Section):
    """Where the images are, and where their labels."""

    uri: str = Field(min_length=1)
    """The images: a path, absolute or relative to the project, or `s3://bucket/key`.

    An archive or Parquet can also be at `https://` or `http://`.
    """
    format: Literal["auto", "folder", "archive", "parquet", "csv"] = "auto"
    """The format. `auto` goes by the name; a folder that contains no tables is one of images."""
    image: str = Field(default="image", min_length=1)
    """The column of the encoded bytes (Parquet), or of the paths (CSV)."""
    label: str = Field(default="label", min_length=1)
    """The column of the classes."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    """The character between the fields of a CSV."""
    max_pixels: int = Field(default=89_478_485, ge=1, le=89_478_485)  # Pillow's own limit, which stays on
    """The largest product of width and height that is decoded.

    The default, also the most allowed, is Pillow's own limit.
    """


class NearDuplicates(Section):
    """How many pairs of images may look the same: by the bits in which their perceptual hashes differ."""

    distance: int = Field(default=2, ge=0, le=16)
    """In how many of their 64 bits the perceptual hashes (pHash) of two images may differ."""
    max: int | None = Field(default=None, ge=0)
    """How many such pairs are allowed. Default: any number, and they are not counted."""


class ImageContract(Section):
    """What the images must look like before anything is trained on them."""

    formats: Annotated[tuple[ImageFormat, ...], Field(strict=False)] | None = None
    """The file formats that may occur. Default: any."""
    modes: Names | None = None
    """The kinds of pixels that may occur, as Pillow names them.

    Such as `L` (grey), `RGB`, `RGBA`, `P`, `CMYK`, `I;16`: see [Pillow's
    modes](https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes). Default: any.
    """
    min_width: int = Field(default=1, ge=1)
    """The smallest width allowed, in pixels."""
    max_width: int | None = Field(default=None, ge=1)
    """The largest width allowed, in pixels. Default: any."""
    min_height: int = Field(default=1, ge=1)
    """The smallest height allowed, in pixels."""
    max_height: int | None = Field(default=None, ge=1)
    """The largest height allowed, in pixels. Default: any."""
    classes: Names | None = None
    """The classes: each must occur, and no other may. Default: any."""
    min_images: int = Field(default=1, ge=1)
    """The fewest readable images allowed. With fewer, the source was probably cut short."""
    min_images_per_class: int = Field(default=3, ge=1)
    """The fewest images of each class. With fewer than three, a class cannot be in all parts of the split."""
    max_unreadable: int = Field(default=0, ge=0)
    """The most files that may be unreadable."""
    max_duplicates: int | None = Field(default=None, ge=0)
    """The most images that may repeat an earlier one byte for byte.

    The split keeps them together. Default: any number.
    """
    max_conflicts: int = Field(default=0, ge=0)
    """The most images that may occur, byte for byte, in more than one class."""
    near_duplicates: NearDuplicates = NearDuplicates()
    """How many pairs of different files may look the same."""
    distribution: Distribution = Distribution()
    """How far the images may shift from the last accepted version. The first run only records."""

    def described(self) -> str:
        """In a few words, for the plan."""
        classes = f"{len(self.classes)} classes" if self.classes else "any classes"
        return f"{classes}, {', '.join(self.formats or ('any format',))}"

    @field_validator("formats", "modes", "classes")
    @classmethod
    def _names_something(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and not names:
            raise ValueError("is an empty list, so no image would pass; name at least one, or remove the key")
        twice = next((name for name in names or () if (names or ()).count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"has {twice!r} twice; keep one")
        return names

    @model_validator(mode="after")
    def _sizes_are_ranges(self) -> Self:
        for side, low, high in (
            ("width", self.min_width, self.max_width),
            ("height", self.min_height, self.max_height),
        ):
            if high is not None and high < low:
                raise ValueError(f"has max_{side} {high}, which is below min_{side} {low}, so no image would pass")
        return self


class ImageSplit(Section):
    """How images are assigned to training, validation and test."""

    method: Literal["random", "stratified"] = "stratified"
    """How images are assigned. `stratified`: each part gets the same share of each class; `random`: by chance."""
    validation: float = Field(default=0.2, gt=0, lt=1)
    """The share of images that decides between the candidates."""
    test: float = Field(default=0.2, gt=0, lt=1)
    """The share of images that only the final model is measured on, by the gates."""
    keep_together: int | None = Field(default=2, ge=0, le=16)
    """Images whose perceptual hashes differ in at most this many bits go to the same part.

    It also holds for chains of such images, so that the test has no near-copies of training images. `null` keeps only
    identical files together. Simple drawings need a small number: of the 5,000 digits, 6 bits chain half of them
    together, and the split says so.
    """
    unseen: Names = ()
    """Classes whose images are all test images.

    For `image_retrieval` only: does the model refuse what it does not know?
    """

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"has validation {self.validation:g} and test {self.test:g}, which leave no images for training; "
                "their sum must be below 1"
            )
        return self


_SHARE = Allowed("a share above 0 and of at most 1, or a list of them")
Side = Annotated[int, Field(ge=1, le=4096)]


class ImageShape(Section):
    """What the network sees of an image."""

    size: Annotated[
        tuple[Side, Side],
        Field(strict=False),
        Allowed("a list of height and width in pixels, 1 to 4096, such as [28, 28]"),
    ]
    """Height and width to which every image is resized, without keeping its proportions."""
    channels: Annotated[Literal[1, 3], Allowed("1 (grey) or 3 (RGB)")] = 3
    """The number of colour channels."""


def _listed(strengths: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """One strength is a list of one."""
    return strengths if isinstance(strengths, list | tuple) else (strengths,)


Strength = Annotated[float, Field(gt=0, le=1)]
Degrees = Annotated[float, Field(gt=0, le=180)]
_ONE_OR_SEVERAL = BeforeValidator(_listed)


class ImageRobustness(Section):
    """How strongly the test images are perturbed, in each way separately: one strength, or several that increase."""

    rotation: Annotated[
        tuple[Degrees, ...],
        Field(strict=False),
        Allowed("a number of degrees above 0 and of at most 180, or a list of them"),
        _ONE_OR_SEVERAL,
    ] = (15.0,)
    """Rotation by at most this many degrees, either way."""
    noise: Annotated[tuple[Strength, ...], Field(strict=False), _SHARE, _ONE_OR_SEVERAL] = (0.1,)
    """Gaussian noise whose standard deviation is this share of the full range."""
    blur: Annotated[tuple[Strength, ...], Field(strict=False), _SHARE, _ONE_OR_SEVERAL] = (0.03,)
    """Gaussian blur whose standard deviation is this share of the shorter side."""
    brightness: Annotated[tuple[Strength, ...], Field(strict=False), _SHARE, _ONE_OR_SEVERAL] = (0.4,)
    """Brighter or darker by at most this share."""

    @field_validator("*")
    @classmethod
    def _rise(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        if not strengths:
            raise ValueError("is an empty list, so there would be no perturbation; name a strength, or remove the key")
        for one, other in pairwise(strengths):
            if one >= other:
                raise ValueError(f"has {one:g} before {other:g}, but the strengths must increase")
        return strengths


class ImageReporting(Section):
    """What the evaluation of images reports beyond the metrics."""

    costs: Costs = Costs()
    """What each kind of answer costs.

    As for [a table](config.md#evaluation-what-is-measured-beyond-the-metrics); for two classes.
    """
    robustness: ImageRobustness = ImageRobustness()
    """How strongly the test images are perturbed, in each way separately."""
    seeds: int = Field(default=0, ge=0, le=100)  # each is a whole training
    """With how many other seeds each candidate is trained again, to see how much the seed matters.

    Each is a whole training.
    """


class ImageCandidate(Section):
    """A kind of network, its fixed hyperparameters and those to search."""

    type: Literal["cnn", "arcface"]
    """The kind of network: `cnn` for `image_classification`, `arcface` for `image_retrieval`."""
    params: dict[str, Parameter] = Field(default={})
    """Hyperparameters with a fixed value."""
    search: dict[str, Space] = Field(default={})
    """Not available for images; a config that has one is refused. Try several candidates instead."""

    def described(self, budget: Search) -> str:
        """What its training does, in a few words, for the plan."""
        return ", ".join(f"{name} {value}" for name, value in self.params.items()) or "as by default"


class ImageConfig(UseCase):
    """A whole use case of images."""

    task: Annotated[ImageTask, TASKS]
    """What the model predicts.

    `image_classification`: the class of each image; `image_retrieval`: its nearest neighbours among known images, and
    their class.
    """
    data: ImageData
    """Where the images are."""
    contract: ImageContract = ImageContract()
    """What the images must look like.

    If they do not, the run stops before training and names rule, number and up to five files.
    """
    split: ImageSplit = ImageSplit()
    """How images are assigned to training, validation and test."""
    image: ImageShape
    """What the network sees."""
    candidates: dict[str, ImageCandidate] = Field(min_length=1)
    """The networks to try, each under a name of your choice. The best on the validation images goes on to the gates."""
    evaluation: ImageReporting = ImageReporting()
    """What is measured beyond the metrics."""

    def problems(self) -> Iterator[tuple[KeyPath, str]]:
        """See `UseCase.problems`."""
        from switchyard.config.checks.images import image_problems

        return image_problems(self)
