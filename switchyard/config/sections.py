"""The use case file `configs/NAME.yaml`, as frozen pydantic models.

`load` reads a file, applies `--set` overrides and returns a `Config`; whatever is wrong
with the file is one `InputError` that names the file, the key and what is allowed there.
The steps get the sections they need as parameters, so that a change of a gate, say, does
not train again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from switchyard.config.column_values import check_pattern, check_value
from switchyard.config.descriptions import Allowed
from switchyard.config.section import Section as Section
from switchyard.config.server_options import ServerSettings

if TYPE_CHECKING:
    from switchyard.config.reading.yaml12 import KeyPath

Task = Literal["classification", "regression"]
TABLE_TASKS = get_args(Task)
ColumnType = Literal["string", "integer", "number", "boolean", "datetime"]
CandidateType = Literal["logistic_regression", "ridge", "random_forest", "hist_gradient_boosting", "mlp"]
Scalar = str | int | float | bool

# Lists come back from ZenML's own JSON as lists: read them as tuples there, too.
Names = Annotated[tuple[str, ...], Field(strict=False)]
Scalars = Annotated[tuple[Scalar, ...], Field(strict=False)]
Numbers = Annotated[tuple[float, ...], Field(strict=False)]

Condition = Annotated[str, Allowed('a condition as text, such as ">= 0.80"')]
Memory = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]*(Mi|Gi|Ti|M|G|T)$"),
    Allowed("a quantity as Kubernetes writes it, such as 512Mi or 4Gi"),
]

# Of all use cases, since a file with a misspelt task may be meant for either kind of data.
TASKS = Allowed("one of classification, regression, image_classification, image_retrieval")


class Data(Section):
    """Where the table is and what its columns are for."""

    uri: str = Field(min_length=1)
    """The table: a file, a folder or a glob such as `data/2024-*.csv`.

    The path is absolute or relative to the project. It can also be `s3://bucket/key` (a key, a prefix or a glob), or
    one file at `https://` or `http://`.
    """
    format: Literal["auto", "csv", "parquet"] = "auto"
    """The file format. `auto` goes by the file's name."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    """The character between the fields of a CSV."""
    nulls: Names = ("",)
    """What a field of a CSV contains when its value is missing."""
    target: str
    """The column to predict."""
    positive: Scalar | None = None
    """Of two classes, the one that ROC AUC, PR AUC and F1 are about. Default: the last in sorted order."""
    id: str | None = None
    """A column that identifies a row to people. Never a feature."""
    time: str | None = None
    """A column that says when a row was recorded. Needed by `split.method: time`; never a feature."""
    group: str | None = None
    """A column that says which rows belong together.

    Needed by `split.method: group`; cross-validation keeps groups whole as well. Never a feature.
    """


class Column(Section):
    """What one column must look like."""

    type: ColumnType
    """The type of its values. `datetime` means ISO 8601."""
    nullable: bool = False
    """Whether values may be missing."""
    min: float | None = None
    """The smallest value allowed. For `integer` and `number` only."""
    max: float | None = None
    """The largest value allowed. For `integer` and `number` only."""
    allowed: Scalars | None = None
    """The only values that may occur. Default: any."""
    unique: bool = False
    """Whether no value may occur twice."""
    pattern: str | None = None
    """A regular expression that must match the whole value.

    To match a part of it, write `.*` around the expression. Rust syntax, without look-around; for `string` only.
    """

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
    """The fewest rows allowed. With fewer, the source was probably cut short."""
    max_duplicate_rows: int | None = Field(default=None, ge=0)
    """The most rows that may repeat an earlier row in every column. Default: any number."""


class ColumnDistribution(Section):
    """How far one column may move from the last accepted data."""

    method: Literal["psi", "ks"] = "psi"
    """The measure for this column, as above."""
    max: float = Field(default=0.25, gt=0)
    """How far this column may shift."""


class Distribution(Section):
    """How far the columns may move from the last accepted version of the same data."""

    method: Literal["psi", "ks"] = "psi"
    """How the shift is measured. `psi` is the population stability index, `ks` the Kolmogorov-Smirnov distance."""
    max: float = Field(default=0.25, gt=0)
    """How far a column may shift; a PSI above 0.25 is commonly called a large shift."""
    columns: dict[str, ColumnDistribution] = Field(default={})
    """Another `method` or `max` for single columns, such as `age: {method: ks, max: 0.1}`."""


class Contract(Section):
    """What the data must look like before anything is trained on it."""

    columns: dict[str, Column] = Field(min_length=1)
    """The columns of the table. Columns that are not listed do not exist for the model."""
    table: Table = Table()
    """What the table as a whole must look like."""
    distribution: Distribution = Distribution()
    """How far the columns may shift from the last accepted version of the same data. The first run only records."""

    def described(self) -> str:
        """In a few words, for the plan."""
        return f"{len(self.columns)} columns of the contract"


class Split(Section):
    """How rows are assigned to training, validation and test."""

    method: Literal["random", "stratified", "group", "time"] = "random"
    """How rows are assigned.

    `random`: by chance; `stratified`: each part gets the same share of each class; `group`: no group is in two parts;
    `time`: the latest rows are the test.
    """
    validation: float = Field(default=0.2, gt=0, lt=1)
    """The share of rows that decides between the candidates."""
    test: float = Field(default=0.2, gt=0, lt=1)
    """The share of rows that only the final model is measured on, by the gates."""

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
    """The only columns to use as numbers. Default: every number and boolean."""
    categorical: Names | None = None
    """The only columns to use as categories.

    A category that did not occur in training counts as none. Default: every string.
    """
    exclude: Names = ()
    """Columns that must keep the contract but are hidden from the model."""


class Space(Section):
    """Where the search looks for one hyperparameter: a range, or a list of choices."""

    low: float | None = None
    """The lower end of a range, included."""
    high: float | None = None
    """The upper end of a range, included."""
    log: bool = False
    """Whether to search on a logarithmic scale. `low` must then be above 0."""
    integer: bool = False
    """Whether to try whole numbers only."""
    choices: Scalars | None = None
    """Values to choose from, instead of a range."""

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
    """How many sets of hyperparameters to try for each candidate."""
    folds: int = Field(default=5, ge=2)
    """Folds of the cross-validation on the training rows; each trial trains as many models."""
    metric: str | None = None
    """The metric that the search optimises. Default: `metrics.primary`."""


class Candidate(Section):
    """A kind of model, its fixed hyperparameters and those to search."""

    type: CandidateType
    """The kind of model. `logistic_regression` is for classification and `ridge` for regression; the others do both."""
    params: dict[str, Scalar] = Field(default={})
    """Hyperparameters with a fixed value."""
    search: dict[str, Space] = Field(default={})
    """Hyperparameters to search, each with its range or list of choices. Without any there is one trial."""

    def described(self, budget: Search) -> str:
        """What its training does, in a few words, for the plan."""
        searched = ", ".join(self.search) or "nothing"
        return f"{budget.trials if self.search else 1} trials × {budget.folds} folds over {searched}"


class Metrics(Section):
    """What decides between the candidates, and how sure the figures must be."""

    primary: str
    """The metric that decides between the candidates.

    All metrics of the task are measured, whichever is the primary one.
    """
    bootstrap: int = Field(default=1000, ge=0)
    """How many bootstrap resamples the confidence intervals are computed from. 0 means no intervals."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """The confidence level of the intervals."""


class Costs(Section):
    """What each kind of answer costs, in one unit of the user's own; below 0 it gains."""

    false_positive: float = 1.0
    """The cost of a false alarm."""
    false_negative: float = 1.0
    """The cost of a miss."""
    true_positive: float = 0.0
    """The cost of a hit."""
    true_negative: float = 0.0
    """The cost of a correct rejection."""


class Slices(Section):
    """Which groups of test rows are measured by themselves; without names, those of every feature."""

    columns: Names | None = None
    """The columns to slice by.

    Text and booleans are sliced by value, numbers by the quartiles of the training rows (`q1` to `q4`); missing values
    are the slice `missing`. Default: every feature, and every column in `bins`.
    """
    bins: dict[str, Numbers] = Field(default={})
    """Other cut points for numeric columns, in increasing order.

    `age: [18, 60]` makes the slices `bin1` (below 18), `bin2` (18 to below 60) and `bin3`.
    """
    pairs: Annotated[tuple[Names, ...], Field(strict=False)] = ()
    """Pairs of columns, such as `[[sex, pclass]]`, whose slices are `female*1st` and so on."""
    min_rows: int = Field(default=30, ge=2)
    """A slice with fewer rows is marked as small.

    Rates based on fewer rows are left out of the differences of `sensitive`.
    """


class Importances(Section):
    """How much work goes into what each column is worth."""

    repeats: int = Field(default=10, ge=2)
    """How often each column is shuffled."""
    rows: int = Field(default=5000, ge=10)
    """How many rows are used at most."""


class Robustness(Section):
    """How strongly the test rows are perturbed."""

    missing: float = Field(default=0.1, gt=0, le=1)
    """The share of cells that is made missing."""
    noise: float = Field(default=0.1, gt=0)
    """The noise added to numbers, in standard deviations."""
    unknown: float = Field(default=0.1, gt=0, le=1)
    """The share of category cells that gets a value never seen in training."""


class Reporting(Section):
    """What the evaluation of a table reports beyond the metrics."""

    costs: Costs = Costs()
    """What each kind of answer costs, in any one unit.

    Below 0 it is a gain. For two classes; the report shows the mean cost per row at each threshold, and the cheapest
    threshold.
    """
    slices: Slices = Slices()
    """The groups of rows that are measured separately."""
    sensitive: Names = ()
    """The columns whose groups are compared for fairness.

    For two classes: the selection rate and the true positive rate of each group, and the largest difference of each.
    Any column of the contract, even one that the model does not see.
    """
    importances: Importances = Importances()
    """How permutation importance is measured.

    It is the loss of `metrics.primary` when one column is shuffled among the test rows.
    """
    robustness: Robustness = Robustness()
    """How strongly the test rows are perturbed, to measure the loss of `metrics.primary`."""
    seeds: int = Field(default=3, ge=0, le=100)
    """With how many other seeds each tuned candidate is trained again, to see how much the seed matters.

    The only key here that trains anew.
    """


ExpectationName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,60}$"),
    Allowed("a name of letters, digits, dashes and underscores, at most 61 characters"),
]


class RowExpectation(Section):
    """A row that must have this answer, or a score within the tolerance."""

    name: ExpectationName
    """The expectation's name; its gate is `expectations.NAME`."""
    row: dict[str, Scalar | None]
    """The features of one row. Only nullable columns may be left out or null."""
    answer: Scalar | None = None
    """The class that the model must answer."""
    score: float | None = None
    """The score that the model must give, within `tolerance`."""
    tolerance: float = Field(default=0.0, ge=0)
    """How far the score may be off. Needed with `score`, and then above 0."""

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
    """The expectation's name; its gate is `expectations.NAME`."""
    column: str
    """The numeric column to change."""
    add: float
    """The amount to add."""
    score: Literal["not lower", "not higher"]
    """How the score may move."""
    tolerance: float = Field(default=0.0, ge=0)
    """How far the score may move the other way."""

    @field_validator("add")
    @classmethod
    def _changes_something(cls, add: float) -> float:
        if not add:
            raise ValueError("is 0, so nothing would change; name another amount")
        return add


class InvarianceExpectation(Section):
    """Two values of a column that the score hardly tells apart, or not at all."""

    name: ExpectationName
    """The expectation's name; its gate is `expectations.NAME`."""
    column: str
    """The column to change."""
    swap: Scalars
    """The two values to swap."""
    tolerance: float = Field(default=0.0, ge=0)
    """How far the score may move."""

    @field_validator("swap")
    @classmethod
    def _are_two(cls, swap: Scalars) -> Scalars:
        if len(swap) != 2:
            raise ValueError(f"has {len(swap)} value{'s' * (len(swap) != 1)}, but must have the two values to swap")
        return swap


class Expectations(Section):
    """What a model must do beyond the figures: before it is released, and at the endpoint."""

    label: Scalar | None = None
    """The class whose probability is the score. Needed if there are three or more classes. Default: `data.positive`."""
    rows: Annotated[tuple[RowExpectation, ...], Field(strict=False)] = ()
    """Rows that must get this answer, or this score."""
    directional: Annotated[tuple[DirectionalExpectation, ...], Field(strict=False)] = ()
    """Adding to a numeric column must move the score one way only."""
    invariant: Annotated[tuple[InvarianceExpectation, ...], Field(strict=False)] = ()
    """Swapping two values of a column must leave the score the same."""


class Champion(Section):
    """How a challenger is compared with the model in production, and what follows."""

    test: Literal["auto", "delong", "bootstrap", "mcnemar"] = "auto"
    """The paired test that compares them.

    `delong` compares ROC AUC (two classes), `mcnemar` accuracy, `bootstrap` any primary metric; `auto` takes DeLong's
    test for `roc_auc`, McNemar's for `accuracy`, and otherwise the bootstrap.
    """
    alpha: float = Field(default=0.05, ge=0.001, le=0.5)
    """How often two equally good models are declared different, half of the time in favour of each."""
    min_rows: int = Field(default=30, ge=2)
    """The fewest test rows, not used to train the champion, that allow a comparison.

    With fewer, the result is too close to call.
    """
    too_close: Literal["keep", "promote"] = "keep"
    """What to do if the two cannot be told apart, or cannot be compared.

    `keep` the champion, or `promote` the challenger by its gates alone.
    """
    worse: Literal["keep", "fail"] = "keep"
    """What to do if the challenger is worse.

    `keep` the champion and complete the run, or `fail` the run with exit code 1, as a failed gate does.
    """


class Toleration(Section):
    """A taint of a node that a step does not mind; the keys are Kubernetes' own."""

    key: str | None = None
    """The taint's key."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """How the taint's value is compared."""
    value: str | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect. Default: any."""


class StepOptions(Section):
    """What one step needs where it runs; what is left out is left to the stack."""

    cpu: float | None = Field(default=None, gt=0)
    """CPU cores, such as `2` or `0.5`. Default: the cluster's."""
    memory: Memory | None = None
    """Memory, as Kubernetes writes it: `512Mi`, `4Gi`.

    A step that needs more is killed, and the run says so. Default: the cluster's.
    """
    gpu: int | None = Field(default=None, ge=0)
    """How many GPUs. Only networks for images use them, see [GPUs](kubeflow/set-up.md#gpus). Default: 0."""
    node_selector: dict[str, str] | None = None
    """Labels that the node must have. Default: `{}`."""
    tolerations: Annotated[tuple[Toleration, ...], Field(strict=False)] | None = None
    """Taints of nodes that the step tolerates, as in Kubernetes. Default: `[]`."""
    retries: int | None = Field(default=None, ge=0, le=10)
    """How often a failed step is tried again, after 10 s, 20 s, 40 s and so on. Default: 0."""
    timeout: int | None = Field(default=None, ge=1)
    """Seconds after which the step has failed."""


class Replicas(Section):
    """How many copies of the server answer, where the stack can have more than one."""

    min: int = Field(default=1, ge=0)
    """The fewest copies."""
    max: int = Field(default=1, ge=1)
    """The most copies under load."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"has min {self.min}, which is above max {self.max}")
        return self


class Resources(Section):
    """What each copy of the server gets, where the stack can say so."""

    cpu: float | None = Field(default=None, gt=0)
    """CPU cores of each copy. Default: the cluster's."""
    memory: Memory | None = None
    """Memory of each copy. Default: the cluster's."""


class Deployment(ServerSettings):
    """The endpoint that answers when all gates have passed."""

    golden_rows: int = Field(default=5, ge=1, le=100)
    """How many test rows a new version must answer over HTTP as it did in evaluation, before it goes live."""
    replicas: Replicas = Replicas()
    """How many copies of the server run on a cluster."""
    resources: Resources = Resources()
    """What each copy of the server gets on a cluster."""


class Card(Section):
    """What only people know of a model; the rest of its card is filled in from the run."""

    intended_use: str | None = None
    """What the model is for, and what it is not for. Default: not stated."""
    caveats: str | None = None
    """What its users have to know. Default: not stated."""
    ethical_considerations: str | None = None
    """Whom a wrong answer harms, and what was done about it. Default: not stated."""
    owner: str | None = None
    """Who is responsible for it, and how to reach them. Default: not stated."""
    license: str | None = None
    """The license of the model. Default: not stated."""


class AnyData(Protocol):
    """The section `data` of any kind."""

    @property
    def uri(self) -> str:
        """Where it is."""


class AnyContract(Protocol):
    """The section `contract` of any kind."""

    def described(self) -> str:
        """In a few words, for the plan."""


class AnySplit(Protocol):
    """The section `split` of any kind."""

    @property
    def method(self) -> str:
        """By what rows are split."""

    @property
    def validation(self) -> float:
        """A share."""

    @property
    def test(self) -> float:
        """A share."""


class AnyCandidate(Protocol):
    """A candidate of any kind."""

    @property
    def type(self) -> str:
        """What learns."""

    def described(self, budget: Search) -> str:
        """What its training does, in a few words, for the plan."""


class AnyReporting(Protocol):
    """The section `evaluation` of any kind."""

    @property
    def seeds(self) -> int:
        """With how many other seeds a candidate is trained again."""


class UseCase(Section):
    """What every use case has, whatever its data: `Config` of a table, `ImageConfig` of images.

    A kind of data subclasses it; `switchyard.config.loading` finds the class by the values of `task`.
    """

    name: Annotated[
        str, Allowed("a name of lower-case letters, digits and dashes, first a letter, at most 41 characters")
    ] = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")
    """Names the runs, the model and the endpoint."""
    task: str
    """What the model predicts."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of everything random: the same seed, data, code and threads give the same model."""
    threads: int = Field(default=1, ge=1)
    """Threads of each learner; another number can give a slightly different model."""
    search: Search = Search()
    """How much time the search for hyperparameters may take."""
    metrics: Metrics
    """What decides between the candidates, and how certain the figures must be."""
    gates: dict[str, Condition] = Field(default={})
    """What the model must reach before it is deployed."""
    champion: Champion = Champion()
    """How a new model is compared with the one in production."""
    steps: dict[str, StepOptions] = Field(default={})
    """What each step needs where it runs.

    Keys are the names of steps; `train_NAME` is one candidate, `default` all steps.
    """
    deployment: Deployment = Deployment()
    """The endpoint that serves the model once all gates have passed."""
    card: Card = Card()
    """What only people know about the model, for its model card."""

    if TYPE_CHECKING:  # fields that every kind has, each with sections of its own
        data: AnyData
        contract: AnyContract
        split: AnySplit
        candidates: Mapping[str, AnyCandidate]
        evaluation: AnyReporting

    def problems(self) -> Iterator[tuple[KeyPath, str]]:
        """What is wrong between keys that are valid one by one: a key path, and the rest of a sentence about it."""
        yield from ()


class Config(UseCase):
    """A whole use case of a table."""

    task: Annotated[Task, TASKS]
    """What the model predicts. `classification`: a class, two or more of them; `regression`: a number."""
    data: Data
    """Where the table is, and what its columns are for."""
    contract: Contract
    """What the data must look like. If it does not, the run stops before training."""
    split: Split = Split()
    """How rows are assigned to training, validation and test."""
    features: Features = Features()
    """Which columns the model sees. By default numbers and booleans as numbers, and text as categories."""
    candidates: dict[str, Candidate] = Field(min_length=1)
    """The models to try, each under a name of your choice.

    Each is tuned; the best on the validation rows goes on to the gates.
    """
    evaluation: Reporting = Reporting()
    """What is measured beyond the metrics."""
    expectations: Expectations = Expectations()
    """What the model must do, whatever its figures say."""

    def problems(self) -> Iterator[tuple[KeyPath, str]]:
        """See `UseCase.problems`."""
        from switchyard.config.checks.tables import problems

        return problems(self)
