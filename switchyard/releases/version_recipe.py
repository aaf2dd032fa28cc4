"""What a version was made from, kept with it: `reproduce` makes it again from this."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from switchyard.lineage import Base, CodeVersion, Machine, Origin
from switchyard.records import Json, Part, Record


class RecipeModel(Part):
    """What the model's metadata says of how it was made; a key that a kind of model lacks is None.

    Attributes:
        type: The learner.
        params: Its hyperparameters.
        inputs: Name, datatype and, of images, shape of each input.
        sha256: Of the ONNX file.
        versions: Of the packages, by name.
        threads: Other thread counts give other weights.
        seed: Of the search and of the learner.
        rows: How many there were, by part.
    """

    model_config = ConfigDict(extra="ignore")  # the rest of the metadata does not say how the model was made

    type: str | None = None
    params: Json | None = None
    inputs: tuple[Json, ...] | None = None
    sha256: str
    versions: dict[str, str] | None = None
    threads: int | None = None
    seed: int | None = None
    rows: Json | int | None = None


class RecipeData(Part):
    """The data it was made from.

    Attributes:
        uri: Of the source.
        fingerprint: Of the source's contents.
        rows: How many, by part.
    """

    uri: str | None
    fingerprint: str | None
    rows: dict[str, int]


class VersionRecipe(Record):
    """Everything that a version was made from.

    Attributes:
        run: The run that made it first.
        config_sha256: Hash of the whole config.
        code: The code that the run was submitted with.
        lock_sha256: Hash of the lock file, if there was one.
        stack: Where the run was executed.
        config: The whole config; `switchyard.config.loading.recorded` reads it.
        candidate: What the config calls it.
        base: Of an indexed model, the version whose network it has.
        model: What the model's metadata says of how it was made.
        data: What it was made from.
        machine: Where it was registered.
    """

    WHAT: ClassVar[str] = "the recipe of a version"

    run: str
    config_sha256: str
    code: CodeVersion
    lock_sha256: str | None
    stack: str | None
    config: Json
    candidate: str
    base: Base | None = None
    model: RecipeModel
    data: RecipeData
    machine: Machine

    @property
    def origin(self) -> Origin:
        """Code and lock."""
        return Origin(code=self.code, lock_sha256=self.lock_sha256)
