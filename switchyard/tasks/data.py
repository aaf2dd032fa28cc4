"""From a source to training, validation and test: what the steps ingest, validate and preprocess do for a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.recipes import IngestRecipe, PreprocessRecipe, ValidateRecipe
    from switchyard.config.sections import AnyContract, AnyData, UseCase
    from switchyard.data.dataset import Dataset
    from switchyard.data.training_rows import TrainingRows
    from switchyard.data.validation import Outcome


class Source(Protocol):
    """What is known of a source before it is read."""

    @property
    def uri(self) -> str:
        """As the config gives it."""

    @property
    def rows(self) -> int | None:
        """How many there are, if that is known."""

    @property
    def fingerprint(self) -> str:
        """Changes with the contents, and with what changes how they are read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of a table; images have none."""

    def described(self) -> str:
        """Format and size in a few words, for the plan."""


class DataSteps(Protocol):
    """From a source to training, validation and test.

    Attributes:
        UNIT: What a row is, in the singular, for sentences.
    """

    UNIT: str

    def look(self, data: AnyData, root: Path) -> Source:
        """Finds the source, without reading it.

        Args:
            data: The config's section.
            root: The folder that relative paths start from.

        Raises:
            InputError: It is missing, or not what the config says.
        """

    def inspect(self, config: UseCase, root: Path, split: bool) -> Source:
        """Finds the source and what can be found wrong with it before anything runs.

        Args:
            config: The use case.
            root: The folder that relative paths start from.
            split: Whether the rows are to be split.

        Raises:
            InputError: For the first thing that is wrong.
        """

    def ingest(self, recipe: IngestRecipe, root: Path, folder: Path) -> tuple[Dataset, dict[str, Any]]:
        """Streams the source to Parquet.

        Args:
            recipe: Of this kind.
            root: The folder that relative paths start from.
            folder: Where the files are written.

        Returns:
            The parts `raw` and whatever else this kind of data has, and facts for the run's metadata.

        Raises:
            SwitchyardError: The source has another fingerprint, or the disk is full.
            InputError: It cannot be read.
        """

    def validate(self, raw: Dataset, recipe: ValidateRecipe, baseline: dict[str, Any] | None) -> Outcome:
        """Checks the contract, then the distributions against the baseline, if there is one.

        Args:
            raw: What `ingest` gave.
            recipe: Of this kind.
            baseline: The `profile` of the data that was last accepted.
        """

    def preprocess(
        self, raw: Dataset, recipe: PreprocessRecipe, folder: Path, learned: TrainingRows | None = None
    ) -> Dataset:
        """Does what needs no fitting, and splits the rows into the parts `train`, `validation` and `test`.

        Args:
            raw: What `ingest` gave.
            recipe: Of this kind.
            folder: Where the parts are written.
            learned: What the network of a model that is indexed anew was trained on: those rows stay training rows.
        """

    def typed(self, raw: Dataset, recipe: PreprocessRecipe) -> pl.LazyFrame:
        """All rows as models are asked about them.

        Args:
            raw: What `ingest` gave.
            recipe: Of this kind.
        """

    def widened(self, contract: AnyContract, recorded: dict[str, Any], source: Source) -> AnyContract:
        """The contract, and what a model of another day reads beyond it, as far as the source still has that.

        Args:
            contract: Today's rules.
            recorded: Those of the model's own run, as JSON has them.
            source: What `look` gave.
        """

    def recognised_by(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The columns by which a row is known again: two rows that agree in them are the same."""
