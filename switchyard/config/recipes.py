"""What each step depends on beside its input artifacts: one frozen model per step and kind of data.

A recipe is a step's only parameter, so ZenML's cache key holds it: whatever stands in it makes a step run again when
it changes, and nothing else of the config does. Its fields have the names of the config's keys;
`switchyard.tasks.recipes` fills them in. `code` is a digest of the code that this kind of data uses in the step.

The class of a step (`TrainRecipe`) says what all kinds have in common, and is what steps name in their signatures;
read from JSON it becomes the class of the kind (`TableTrain`). A kind adds its own by subclassing.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, cast

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from switchyard.config.images import (
    ImageCandidate,
    ImageContract,
    ImageData,
    ImageReporting,
    ImageShape,
    ImageSplit,
    ImageTask,
)
from switchyard.config.sections import (
    Candidate,
    Champion,
    Condition,
    Contract,
    Data,
    Deployment,
    Expectations,
    Features,
    Metrics,
    Reporting,
    Search,
    Section,
    Split,
    Task,
)
from switchyard.plugins import import_plugins


class Recipe:
    """What every recipe has. Not a pydantic model itself: only the classes of the kinds are.

    Attributes:
        kind: The kind of data, see `switchyard.tasks`.
        use_case: The config's name.
    """

    kind: str
    use_case: str

    @classmethod
    def of_kind(cls, kind: str) -> type[Self]:
        """The recipe of this step for a kind of data.

        Raises:
            ValueError: No kind of this name has one.
        """
        import_plugins()
        for each in cls.__subclasses__():
            if cast(type[Section], each).model_fields["kind"].default == kind:
                return each
        raise ValueError(f"no kind of data called {kind!r} has a {cls.__name__}")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Of a step's class: whatever the kind makes of it. The classes of the kinds have pydantic's own."""
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(lambda each: each.model_dump(mode="json")),
        )

    @classmethod
    def _read(cls, value: Any) -> Any:  # noqa: ANN401 - a recipe, or its JSON
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict) or "kind" not in value:
            raise ValueError("a recipe is a mapping with a kind of data")
        return cast(type[Section], cls.of_kind(value["kind"])).model_validate(value)

    def replaced(self, **values: object) -> Self:
        """The same recipe with other values."""
        return cast(Self, cast(Section, self).model_copy(update=values))


class IngestRecipe(Recipe):
    """Where the data is.

    Attributes:
        fingerprint: Of the source's contents when the run was started, so that a changed source is read again; empty:
            take it as it is when the step runs.
        code: Digest of the code behind it.
    """

    fingerprint: str
    code: str


class ValidateRecipe(Recipe):
    """What the data must look like.

    Attributes:
        uri: What the report and errors call the data.
        code: Digest of the code behind it.
    """

    uri: str
    code: str


class PreprocessRecipe(Recipe):
    """How rows are split.

    Attributes:
        seed: Decides which row goes where.
        network: The version whose network gets another gallery: what it was trained on stays out of the test.
        row_gates: The gates of which only the rows can tell whether there will be something to gate, with what decides
            that (a model of the class `ROW_GATES`); None if there are none.
        code: Digest of the code behind it.
    """

    ROW_GATES: ClassVar[type[Section]]

    seed: int
    network: int | None
    row_gates: Section | None
    code: str


class TrainRecipe(Recipe):
    """How one candidate is trained.

    Attributes:
        name: What the config calls the candidate.
        seed: Of everything random.
        threads: Other thread counts give other weights.
        primary: The metric that is optimised; what else is measured changes no model.
        seeds: With how many other seeds the tuned candidate is fitted again.
        code: Digest of the code behind it.
    """

    name: str
    seed: int
    threads: int
    primary: str
    seeds: int
    code: str


class IndexRecipe(Recipe):
    """Which network gets a new gallery.

    Attributes:
        version: Whose network it is.
        code: Digest of the code behind it.
    """

    version: int
    code: str


class EvaluateRecipe(Recipe):
    """What is measured of the candidates, and what the figures are held against.

    Attributes:
        uri: Of the source, for the report.
        fingerprint: Of the source, for the report; empty: what ingest found in this run.
        metrics: What decides, and how sure the figures must be.
        gates: As in the config.
        seed: Of everything random.
        code: Digest of the code behind it.
    """

    uri: str
    fingerprint: str
    metrics: Metrics
    gates: dict[str, Condition]
    seed: int
    code: str


class PromoteRecipe(Recipe):
    """How the best candidate is held against the champion. Never cached, so it has no digest.

    Attributes:
        metrics: What is compared.
        champion: The paired test, its error rate, the rows that it takes, and what follows.
        seed: Of the resamples.
    """

    metrics: Metrics
    champion: Champion
    seed: int


class DeployRecipe(Recipe):
    """Where a version answers, and what it is asked first. Never cached.

    Attributes:
        deployment: Where, and how many golden rows.
        seed: Of the rows that it is asked about.
    """

    deployment: Deployment
    seed: int

    def of_an_earlier_run(self) -> Self:
        """Without what only the models of this run must do."""
        return self


class ReleaseRecipe(Section):
    """Which version a person puts into production; the same for every kind of data. Never cached.

    Attributes:
        version: The model's number.
        action: `release` or `rollback`.
        reason: Why.
        rollout: As for the step deploy.
    """

    version: int
    action: Literal["release", "rollback"]
    reason: str
    rollout: DeployRecipe


class TableIngest(Section, IngestRecipe):
    """The source of a table."""

    kind: Literal["tables"] = "tables"
    data: Data


class TableValidate(Section, ValidateRecipe):
    """The contract of a table."""

    kind: Literal["tables"] = "tables"
    data: Data
    contract: Contract


class TableRowGates(Section):
    """Gates about groups of rows, and what decides which groups there are."""

    gates: dict[str, Condition]
    features: Features
    evaluation: Reporting
    primary: str


class TablePreprocess(Section, PreprocessRecipe):
    """The types of the columns, and the split."""

    ROW_GATES: ClassVar[type[Section]] = TableRowGates

    kind: Literal["tables"] = "tables"
    task: Task
    data: Data
    contract: Contract
    split: Split
    row_gates: TableRowGates | None


class TableTrain(Section, TrainRecipe):
    """A learner of a table; cross-validation splits as the table was split."""

    kind: Literal["tables"] = "tables"
    task: Task
    data: Data
    contract: Contract
    features: Features
    split: Split
    search: Search
    candidate: Candidate


class TableIndex(Section, IndexRecipe):
    """A model of a table has no gallery; the step says so."""

    kind: Literal["tables"] = "tables"


class TableEvaluate(Section, EvaluateRecipe):
    """The sections of a table's report."""

    kind: Literal["tables"] = "tables"
    task: Task
    data: Data
    contract: Contract
    features: Features
    evaluation: Reporting
    expectations: Expectations
    golden_rows: int


class TablePromote(Section, PromoteRecipe):
    """Two models of a table."""

    kind: Literal["tables"] = "tables"
    task: Task
    data: Data


class TableDeploy(Section, DeployRecipe):
    """Golden rows and expectations."""

    kind: Literal["tables"] = "tables"
    data: Data
    expectations: Expectations

    def of_an_earlier_run(self) -> Self:
        """A model of an earlier run had expectations of its own."""
        return self.replaced(expectations=Expectations())


class ImageIngest(Section, IngestRecipe):
    """The source of images."""

    kind: Literal["images"] = "images"
    data: ImageData


class ImageValidate(Section, ValidateRecipe):
    """The contract of images."""

    kind: Literal["images"] = "images"
    contract: ImageContract


class ImageRowGates(Section):
    """Gates about classes, and what decides which figures there are."""

    gates: dict[str, Condition]
    task: ImageTask
    evaluation: ImageReporting
    primary: str


class ImagePreprocess(Section, PreprocessRecipe):
    """The split of images."""

    ROW_GATES: ClassVar[type[Section]] = ImageRowGates

    kind: Literal["images"] = "images"
    split: ImageSplit
    row_gates: ImageRowGates | None


class ImageTrain(Section, TrainRecipe):
    """A network, and what it sees of an image."""

    kind: Literal["images"] = "images"
    image: ImageShape
    candidate: ImageCandidate


class ImageIndex(Section, IndexRecipe):
    """A network with a gallery."""

    kind: Literal["images"] = "images"


class ImageEvaluate(Section, EvaluateRecipe):
    """The sections of an image model's report."""

    kind: Literal["images"] = "images"
    evaluation: ImageReporting


class ImagePromote(Section, PromoteRecipe):
    """Two models of images."""

    kind: Literal["images"] = "images"
    task: ImageTask


class ImageDeploy(Section, DeployRecipe):
    """Golden images."""

    kind: Literal["images"] = "images"
