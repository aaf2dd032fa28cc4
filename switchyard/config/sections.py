"""The use case file `configs/NAME.yaml`, as frozen pydantic models.

`load` reads a file, applies `--set` overrides and returns a `Config`; whatever is wrong
with the file is one `InputError` that names the file, the key and what is allowed there.
The steps get the sections they need as parameters, so that a change of a gate, say, does
not train again.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from switchyard.config.column_values import check_pattern, check_value

Task = Literal["classification", "regression"]
TABLE_TASKS = get_args(Task)
ColumnType = Literal["string", "integer", "number", "boolean", "datetime"]
CandidateType = Literal["logistic_regression", "ridge", "random_forest", "hist_gradient_boosting", "mlp"]
Scalar = str | int | float | bool

# Lists come back from ZenML's own JSON as lists: read them as tuples there, too.
Names = Annotated[tuple[str, ...], Field(strict=False)]
Scalars = Annotated[tuple[Scalar, ...], Field(strict=False)]
Numbers = Annotated[tuple[float, ...], Field(strict=False)]

Condition = Annotated[str, Field(description='a condition as text, such as ">= 0.80"')]
Memory = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9]*(Mi|Gi|Ti|M|G|T)$", description="a quantity as Kubernetes writes it, such as 512Mi or 4Gi"
    ),
]

# Of all use cases, since a file with a misspelt task may be meant for either kind of data.
TASKS = "one of classification, regression, image_classification, image_retrieval"


class Section(BaseModel):
    """A part of the config: strict, frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Data(Section):
    """Where the table is and what its columns are for."""

    uri: str = Field(min_length=1)
    format: Literal["auto", "csv", "parquet"] = "auto"
    separator: str = Field(default=",", min_length=1, max_length=1)
    nulls: Names = ("",)
    target: str
    positive: Scalar | None = None
    id: str | None = None
    time: str | None = None
    group: str | None = None


class Column(Section):
    """What one column must look like."""

    type: ColumnType
    nullable: bool = False
    min: float | None = None
    max: float | None = None
    allowed: Scalars | None = None
    unique: bool = False
    pattern: str | None = None

    @field_validator("min", "max")
    @classmethod
    def _bounds_a_number(cls, bound: float | None, info: ValidationInfo) -> float | None:
        kind, low = info.data.get("type"), info.data.get("min")
        if bound is not None and kind in ("string", "boolean", "datetime"):
            raise ValueError(
                f"is {bound:g}, but a {kind} column cannot have {info.field_name}; only integer and number columns can"
            )
        if bound is not None and low is not None and bound < low:
            raise ValueError(f"is {bound:g}, which is below min ({low:g}), so no value would pass")
        return bound

    @field_validator("allowed")
    @classmethod
    def _allows_values_of_its_type(cls, allowed: Scalars | None, info: ValidationInfo) -> Scalars | None:
        if allowed is not None and not allowed:
            raise ValueError("is an empty list, so no value would pass; name at least one, or remove the key")
        for value in allowed or ():
            check_value(value, info.data.get("type"))
        return allowed

    @field_validator("pattern")
    @classmethod
    def _is_a_regular_expression(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if pattern is not None and kind not in ("string", None):
            raise ValueError(f"is {pattern!r}, but a {kind} column cannot have a pattern; only string columns can")
        if pattern is not None:
            check_pattern(pattern)
        return pattern


class Table(Section):
    """What the table as a whole must look like."""

    min_rows: int = Field(default=1, ge=1)
    max_duplicate_rows: int | None = Field(default=None, ge=0)


class ColumnDistribution(Section):
    """How far one column may move from the last accepted data."""

    method: Literal["psi", "ks"] = "psi"
    max: float = Field(default=0.25, gt=0)


class Distribution(Section):
    """How far the columns may move from the last accepted version of the same data."""

    method: Literal["psi", "ks"] = "psi"
    max: float = Field(default=0.25, gt=0)
    columns: dict[str, ColumnDistribution] = {}


class Contract(Section):
    """What the data must look like before anything is trained on it."""

    columns: dict[str, Column] = Field(min_length=1)
    table: Table = Table()
    distribution: Distribution = Distribution()

    def described(self) -> str:
        """In a few words, for the plan."""
        return f"{len(self.columns)} columns of the contract"


class Split(Section):
    """How rows are dealt to training, validation and test."""

    method: Literal["random", "stratified", "group", "time"] = "random"
    validation: float = Field(default=0.2, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)

    @model_validator(mode="after")
    def _leaves_training_rows(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError(
                f"has validation {self.validation:g} and test {self.test:g}, which leave no rows for training; "
                "their sum must be below 1"
            )
        return self


class Features(Section):
    """Which columns the model sees; without names, by the contract's types."""

    numeric: Names | None = None
    categorical: Names | None = None
    exclude: Names = ()


class Space(Section):
    """Where the search looks for one hyperparameter: a range, or a list of choices."""

    low: float | None = None
    high: float | None = None
    log: bool = False
    integer: bool = False
    choices: Scalars | None = None

    @model_validator(mode="after")
    def _is_range_or_choices(self) -> Self:
        is_range = self.low is not None and self.high is not None
        if is_range == (self.choices is not None) or (self.low is None) != (self.high is None):
            raise ValueError("must have either low and high, or choices")
        if self.low is not None and self.high is not None:
            if self.low > self.high:
                raise ValueError(f"has low {self.low:g}, which is above high {self.high:g}")
            if self.log and self.low <= 0:
                raise ValueError(f"has low {self.low:g}, but a log range must start above 0")
        if self.choices is not None and not self.choices:
            raise ValueError("has an empty list of choices, so there is nothing to search; name at least one")
        return self


class Search(Section):
    """The budget of the hyperparameter search of each candidate."""

    trials: int = Field(default=20, ge=1)
    folds: int = Field(default=5, ge=2)
    metric: str | None = None


class Candidate(Section):
    """A kind of model, its fixed hyperparameters and those to search."""

    type: CandidateType
    params: dict[str, Scalar] = {}
    search: dict[str, Space] = {}

    def described(self, budget: Search) -> str:
        """What its training does, in a few words, for the plan."""
        searched = ", ".join(self.search) or "nothing"
        return f"{budget.trials if self.search else 1} trials × {budget.folds} folds over {searched}"


class Metrics(Section):
    """What decides between the candidates, and how sure the figures must be."""

    primary: str
    bootstrap: int = Field(default=1000, ge=0)
    confidence: float = Field(default=0.95, gt=0, lt=1)


class Costs(Section):
    """What each kind of answer costs, in one unit of the user's own; below 0 it gains."""

    false_positive: float = 1.0
    false_negative: float = 1.0
    true_positive: float = 0.0
    true_negative: float = 0.0


class Slices(Section):
    """Which groups of test rows are measured by themselves; without names, those of every feature."""

    columns: Names | None = None
    bins: dict[str, Numbers] = {}
    pairs: Annotated[tuple[Names, ...], Field(strict=False)] = ()
    min_rows: int = Field(default=30, ge=2)


class Importances(Section):
    """How much work goes into what each column is worth."""

    repeats: int = Field(default=10, ge=2)
    rows: int = Field(default=5000, ge=10)


class Robustness(Section):
    """How hard the test rows are shaken."""

    missing: float = Field(default=0.1, gt=0, le=1)
    noise: float = Field(default=0.1, gt=0)
    unknown: float = Field(default=0.1, gt=0, le=1)


class Reporting(Section):
    """What the evaluation of a table reports beyond the metrics."""

    costs: Costs = Costs()
    slices: Slices = Slices()
    sensitive: Names = ()
    importances: Importances = Importances()
    robustness: Robustness = Robustness()
    seeds: int = Field(default=3, ge=0, le=100)


ExpectationName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$",
        description="a name of letters, digits, dashes and underscores, at most 61 characters",
    ),
]


class RowExpectation(Section):
    """A row that must have this answer, or a score within the tolerance."""

    name: ExpectationName
    row: dict[str, Scalar | None]
    answer: Scalar | None = None
    score: float | None = None
    tolerance: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.answer is None) == (self.score is None):
            raise ValueError("must have either answer, or score with a tolerance")
        if self.score is not None and not self.tolerance:
            raise ValueError(
                "has a score without a tolerance, but no model matches a score exactly; add a tolerance above 0"
            )
        if self.answer is not None and self.tolerance:
            raise ValueError(
                "has an answer, which is either right or wrong, and a tolerance; remove the tolerance, or use score"
            )
        return self


class DirectionalExpectation(Section):
    """A column that moves the score one way only."""

    name: ExpectationName
    column: str
    add: float
    score: Literal["not lower", "not higher"]
    tolerance: float = Field(default=0.0, ge=0)

    @field_validator("add")
    @classmethod
    def _changes_something(cls, add: float) -> float:
        if not add:
            raise ValueError("is 0, so nothing would change; name another amount")
        return add


class InvarianceExpectation(Section):
    """Two values of a column that the score hardly tells apart, or not at all."""

    name: ExpectationName
    column: str
    swap: Scalars
    tolerance: float = Field(default=0.0, ge=0)

    @field_validator("swap")
    @classmethod
    def _are_two(cls, swap: Scalars) -> Scalars:
        if len(swap) != 2:
            raise ValueError(f"has {len(swap)} value{'s' * (len(swap) != 1)}, but must have the two values to swap")
        return swap


class Expectations(Section):
    """What a model must do beyond the figures: before it is released, and at the endpoint."""

    label: Scalar | None = None
    rows: Annotated[tuple[RowExpectation, ...], Field(strict=False)] = ()
    directional: Annotated[tuple[DirectionalExpectation, ...], Field(strict=False)] = ()
    invariant: Annotated[tuple[InvarianceExpectation, ...], Field(strict=False)] = ()


class Champion(Section):
    """How a challenger is held against the model in production, and what follows."""

    test: Literal["auto", "delong", "bootstrap", "mcnemar"] = "auto"
    alpha: float = Field(default=0.05, ge=0.001, le=0.5)
    min_rows: int = Field(default=30, ge=2)
    too_close: Literal["keep", "promote"] = "keep"
    worse: Literal["keep", "fail"] = "keep"


class Toleration(Section):
    """A taint of a node that a step does not mind; the keys are Kubernetes' own."""

    key: str | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class StepOptions(Section):
    """What one step needs where it runs; what is left out is left to the stack."""

    cpu: float | None = Field(default=None, gt=0)
    memory: Memory | None = None
    gpu: int | None = Field(default=None, ge=0)
    node_selector: dict[str, str] | None = None
    tolerations: Annotated[tuple[Toleration, ...], Field(strict=False)] | None = None
    retries: int | None = Field(default=None, ge=0, le=10)
    timeout: int | None = Field(default=None, ge=1)


class Replicas(Section):
    """How many copies of the server answer, where the stack can have more than one."""

    min: int = Field(default=1, ge=0)
    max: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"has min {self.min}, which is above max {self.max}")
        return self


class Resources(Section):
    """What each copy of the server gets, where the stack can say so."""

    cpu: float | None = Field(default=None, gt=0)
    memory: Memory | None = None


class Batching(Section):
    """How requests that arrive together are run as one: wait so long, or for so many rows."""

    max_delay_ms: float = Field(default=2.0, gt=0, le=1000)
    max_size: int = Field(default=32, ge=2, le=1024)


class Deployment(Section):
    """The endpoint that answers when all gates have passed."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    golden_rows: int = Field(default=5, ge=1, le=100)
    max_request_mb: float = Field(default=8.0, gt=0)
    batching: Batching | None = None
    replicas: Replicas = Replicas()
    resources: Resources = Resources()


class Card(Section):
    """What only people know of a model; the rest of its card is filled in from the run."""

    intended_use: str | None = None
    caveats: str | None = None
    ethical_considerations: str | None = None
    owner: str | None = None
    license: str | None = None


class UseCase(Section):
    """What every use case has, whatever its data: `Config` of a table, `ImageConfig` of images."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,40}$",
        description="a name of lower-case letters, digits and dashes, first a letter, at most 41 characters",
    )
    task: str
    seed: int = Field(default=0, ge=0, lt=2**32)
    threads: int = Field(default=1, ge=1)
    search: Search = Search()
    metrics: Metrics
    gates: dict[str, Condition] = {}
    champion: Champion = Champion()
    steps: dict[str, StepOptions] = {}
    deployment: Deployment = Deployment()
    card: Card = Card()


class Config(UseCase):
    """A whole use case of a table."""

    task: Task = Field(description=TASKS)
    data: Data
    contract: Contract
    split: Split = Split()
    features: Features = Features()
    candidates: dict[str, Candidate] = Field(min_length=1)
    evaluation: Reporting = Reporting()
    expectations: Expectations = Expectations()

    @property
    def image(self) -> None:
        """Nothing: what a network sees of an image is for images to say."""
        return
