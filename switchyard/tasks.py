"""What the steps do for a task: the one place that knows which tasks there are, so that no step asks.

Each kind of data has a module with the functions of `DataSteps` and one with those of `ModelSteps`; `data_steps` and
`model_steps` give those of a task. A new kind of data is two modules and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from switchyard.config import TABLE_TASKS, Features, Metrics, Reporting, Section
from switchyard.config_images import IMAGE_TASKS

if TYPE_CHECKING:
    from switchyard.data.dataset import Dataset
    from switchyard.data.validation import Outcome


class DataSteps(Protocol):
    """From a source to training, validation and test; `data`, `contract` and `split` are the config's sections."""

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
        self, raw: Dataset, data: Section, contract: Section, split: Section, task: str, seed: int, folder: Path
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
        """


class ModelSteps(Protocol):
    """From training, validation and test to a model that answers."""

    def check_gates(
        self,
        gates: Mapping[str, str],
        splits: Dataset,
        *,
        task: str,
        data: Section,
        contract: Section,
        features: Features,
        metrics: Metrics,
        reporting: Reporting,
    ) -> None:
        """Checks the gates of which only the rows can tell whether there will be something to gate.

        Args:
            gates: As in the config.
            splits: What `preprocess` gave.
            task: The config's task; with the rest, what will be measured.
            data: The config's sections of these names.
            contract: Likewise.
            features: Likewise.
            metrics: Likewise.
            reporting: The config's section `evaluation`.

        Raises:
            InputError: A gate names a group that no test row is in.
        """


def data_steps(task: str) -> DataSteps:
    """The functions of a task; what they need is imported only now."""
    return _DATA[task]()


def model_steps(task: str) -> ModelSteps:
    """The functions of a task; what they need is imported only now."""
    return _MODELS[task]()


def _tables() -> DataSteps:
    from switchyard.data import steps

    return cast(DataSteps, steps)


def _images() -> DataSteps:
    from switchyard.images import steps

    return cast(DataSteps, steps)


def _table_models() -> ModelSteps:
    from switchyard.models import steps

    return cast(ModelSteps, steps)


def _image_models() -> ModelSteps:
    from switchyard.images import model_steps as steps

    return cast(ModelSteps, steps)


_DATA: dict[str, Callable[[], DataSteps]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
_MODELS: dict[str, Callable[[], ModelSteps]] = {
    **dict.fromkeys(TABLE_TASKS, _table_models),
    **dict.fromkeys(IMAGE_TASKS, _image_models),
}
