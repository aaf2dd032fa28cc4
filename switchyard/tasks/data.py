"""From a source to training, validation and test: what the steps ingest, validate and preprocess do for a task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from switchyard.config.images import IMAGE_TASKS, AnyConfig
from switchyard.config.sections import TABLE_TASKS, Section

if TYPE_CHECKING:
    import polars as pl

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
    """From a source to training, validation and test; `data`, `contract` and `split` are the config's sections.

    Attributes:
        UNIT: What a row is, in the singular, for sentences.
    """

    UNIT: str

    def look(self, data: Section, root: Path) -> Source:
        """Finds the source, without reading it.

        Args:
            data: Where the source is.
            root: The folder that relative paths start from.

        Raises:
            InputError: It is missing, or not what the config says.
        """

    def inspect(self, config: AnyConfig, root: Path, split: bool) -> Source:
        """Finds the source and what can be found wrong with it before anything runs.

        Args:
            config: The use case.
            root: The folder that relative paths start from.
            split: Whether the rows are to be split.

        Raises:
            InputError: For the first thing that is wrong.
        """

    def ingest(self, data: Section, fingerprint: str, root: Path, folder: Path) -> tuple[Dataset, dict[str, Any]]:
        """Streams the source to Parquet.

        Args:
            data: Where the source is.
            fingerprint: What the source must have; empty: take it as it is.
            root: The folder that relative paths start from.
            folder: Where the files are written.

        Returns:
            The parts `raw` and whatever else this kind of data has, and facts for the run's metadata.

        Raises:
            SwitchyardError: The source has another fingerprint, or the disk is full.
            InputError: It cannot be read.
        """

    def validate(
        self, raw: Dataset, data: Section, contract: Section, source: str, baseline: dict[str, Any] | None
    ) -> Outcome:
        """Checks the contract, then the distributions against the baseline, if there is one.

        Args:
            raw: What `ingest` gave.
            data: The same section.
            contract: The rules.
            source: What the data is called in sentences.
            baseline: The `profile` of the data that was last accepted.
        """

    def preprocess(
        self,
        raw: Dataset,
        data: Section,
        contract: Section,
        split: Section,
        task: str,
        seed: int,
        folder: Path,
        learned: TrainingRows | None = None,
    ) -> Dataset:
        """Does what needs no fitting, and deals the rows to the parts `train`, `validation` and `test`.

        Args:
            raw: What `ingest` gave.
            data: The same section.
            contract: The rules.
            split: How the rows are dealt.
            task: The config's task.
            seed: Decides which row goes where.
            folder: Where the parts are written.
            learned: What the network of a model that is indexed anew was trained on: those rows stay training rows.
        """

    def typed(self, raw: Dataset, contract: Section) -> pl.LazyFrame:
        """All rows as models are asked about them.

        Args:
            raw: What `ingest` gave.
            contract: The rules.
        """

    def widened(self, contract: Section, recorded: dict[str, Any], source: Source) -> Section:
        """The contract, and what a model of another day reads beyond it, as far as the source still has that.

        Args:
            contract: Today's rules.
            recorded: Those of the model's own run, as JSON has them.
            source: What `look` gave.
        """

    def recognised_by(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The columns by which a row is known again: two rows that agree in them are the same."""


def data_steps(task: str) -> DataSteps:
    """The functions of a task; what they need is imported only now."""
    return _KINDS[task]()


def _tables() -> DataSteps:
    from switchyard.data.tables import task as steps

    return cast(DataSteps, steps)


def _images() -> DataSteps:
    from switchyard.data.images import task as steps

    return cast(DataSteps, steps)


_KINDS: dict[str, Callable[[], DataSteps]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
