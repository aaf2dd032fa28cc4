"""The use case file of an image task: what stands there in place of a table's sections.

`switchyard.config.loading.load` chooses `ImageConfig` by the task. What images share with tables (metrics, gates,
champion, steps, deployment) are the sections of `switchyard.config.sections`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, field_validator, model_validator

from switchyard.config.sections import (
    TASKS,
    Config,
    Costs,
    Distribution,
    Expectations,
    Features,
    Names,
    Reporting,
    Scalar,
    Search,
    Section,
    Space,
    UseCase,
)

ImageTask = Literal["image_classification", "image_retrieval"]
ImageFormat = Literal["BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP"]
IMAGE_TASKS = get_args(ImageTask)

# The columns of the ingested table whose distribution is held against the last accepted data.
IMAGE_COLUMNS = ("label", "format", "mode", "width", "height", "brightness", "contrast", "red", "green", "blue")

Parameter = Scalar | Annotated[tuple[Scalar, ...], Field(strict=False)]


class ImageData(Section):
    """Where the images are, and where their labels."""

    uri: str = Field(min_length=1)
    format: Literal["auto", "folder", "archive", "parquet", "csv"] = "auto"
    image: str = Field(default="image", min_length=1)
    label: str = Field(default="label", min_length=1)
    separator: str = Field(default=",", min_length=1, max_length=1)
    max_pixels: int = Field(default=89_478_485, ge=1, le=89_478_485)  # Pillow's own limit, which stays on


class NearDuplicates(Section):
    """How many pairs of images may look the same: by the bits in which their perceptual hashes differ."""

    distance: int = Field(default=2, ge=0, le=16)
    max: int | None = Field(default=None, ge=0)


class ImageContract(Section):
    """What the images must look like before anything is trained on them."""

    formats: Annotated[tuple[ImageFormat, ...], Field(strict=False)] | None = None
    modes: Names | None = None
    min_width: int = Field(default=1, ge=1)
    max_width: int | None = Field(default=None, ge=1)
    min_height: int = Field(default=1, ge=1)
    max_height: int | None = Field(default=None, ge=1)
    classes: Names | None = None
    min_images: int = Field(default=1, ge=1)
    min_images_per_class: int = Field(default=3, ge=1)
    max_unreadable: int = Field(default=0, ge=0)
    max_duplicates: int | None = Field(default=None, ge=0)
    max_conflicts: int = Field(default=0, ge=0)
    near_duplicates: NearDuplicates = NearDuplicates()
    distribution: Distribution = Distribution()

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
    """How images are dealt to training, validation and test."""

    method: Literal["random", "stratified"] = "stratified"
    validation: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    keep_together: int | None = Field(default=2, ge=0, le=16)
    unseen: Names = ()

    @model_validator(mode="after")
    def _is_told_whole(self) -> Self:
        """ZenML keeps of a parameter what was set, and without the last two keys this could be a table's split."""
        self.__pydantic_fields_set__.update(type(self).model_fields)
        return self

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"has validation {self.validation:g} and test {self.test:g}, which leave no images for training; "
                "their sum must be below 1"
            )
        return self


_SHARE = "a share above 0 and of at most 1, or a list of them"
Side = Annotated[int, Field(ge=1, le=4096)]


class ImageShape(Section):
    """What the network sees of an image."""

    size: Annotated[
        tuple[Side, Side],
        Field(strict=False, description="a list of height and width in pixels, 1 to 4096, such as [28, 28]"),
    ]
    channels: Annotated[Literal[1, 3], Field(description="1 (grey) or 3 (RGB)")] = 3


def _listed(strengths: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
    """One strength is a list of one."""
    return strengths if isinstance(strengths, list | tuple) else (strengths,)


Strength = Annotated[float, Field(gt=0, le=1)]
Degrees = Annotated[float, Field(gt=0, le=180)]
_ONE_OR_SEVERAL = BeforeValidator(_listed)


class ImageRobustness(Section):
    """How hard the test images are shaken, in each way by itself: one strength, or several that rise."""

    rotation: Annotated[
        tuple[Degrees, ...],
        Field(strict=False, description="a number of degrees above 0 and of at most 180, or a list of them"),
        _ONE_OR_SEVERAL,
    ] = (15.0,)
    noise: Annotated[tuple[Strength, ...], Field(strict=False, description=_SHARE), _ONE_OR_SEVERAL] = (0.1,)
    blur: Annotated[tuple[Strength, ...], Field(strict=False, description=_SHARE), _ONE_OR_SEVERAL] = (0.03,)
    brightness: Annotated[tuple[Strength, ...], Field(strict=False, description=_SHARE), _ONE_OR_SEVERAL] = (0.4,)

    @field_validator("*")
    @classmethod
    def _rise(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        if not strengths:
            raise ValueError("is an empty list, so there would be no perturbation; name a strength, or remove the key")
        for one, other in pairwise(strengths):
            if one >= other:
                raise ValueError(f"has {one:g} before {other:g}, but the strengths must increase")
        return strengths

    @model_validator(mode="after")
    def _is_told_whole(self) -> Self:
        """As that of `ImageSplit`: nothing but these keys tells ZenML that it is not the section of a table."""
        self.__pydantic_fields_set__.update(type(self).model_fields)
        return self


class ImageReporting(Section):
    """What the evaluation of images reports beyond the metrics."""

    costs: Costs = Costs()
    robustness: ImageRobustness = ImageRobustness()
    seeds: int = Field(default=0, ge=0, le=100)  # each is a whole training

    @model_validator(mode="after")
    def _is_told_with_robustness(self) -> Self:
        self.__pydantic_fields_set__.add("robustness")
        return self


class ImageCandidate(Section):
    """A kind of network, its fixed hyperparameters and those to search."""

    type: Literal["cnn", "arcface"]
    params: dict[str, Parameter] = Field(default={})
    search: dict[str, Space] = Field(default={})

    def described(self, budget: Search) -> str:
        """What its training does, in a few words, for the plan."""
        del budget
        return ", ".join(f"{name} {value}" for name, value in self.params.items()) or "as by default"


class ImageConfig(UseCase):
    """A whole use case of images."""

    task: ImageTask = Field(description=TASKS)
    data: ImageData
    contract: ImageContract = ImageContract()
    split: ImageSplit = ImageSplit()
    image: ImageShape
    candidates: dict[str, ImageCandidate] = Field(min_length=1)
    evaluation: ImageReporting = ImageReporting()

    @property
    def features(self) -> Features:
        """None to choose from: an image is one input."""
        return Features()

    @property
    def expectations(self) -> Expectations:
        """None, so far: they are about columns."""
        return Expectations()


AnyConfig = Config | ImageConfig
AnyReporting = Reporting | ImageReporting
