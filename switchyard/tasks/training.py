"""From training images or rows to a checked ONNX model: what the step train does for a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from switchyard.config.images import IMAGE_TASKS, AnyConfig, ImageShape
from switchyard.config.sections import TABLE_TASKS, Features, Metrics, Search, Section
from switchyard.training.callbacks import Folder, OnEpoch

if TYPE_CHECKING:
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.trained import Trained


class Training(Protocol):
    """What is trained of a candidate."""

    def check_candidates(self, config: AnyConfig) -> None:
        """Asks each candidate's learner whether it takes the hyperparameters of the config.

        Raises:
            InputError: A hyperparameter is unknown, or a value is refused.
        """

    def check_gpus(self, wanted: int) -> None:
        """Looks whether the GPUs that a step has asked for are there, before they stand idle for hours.

        Args:
            wanted: How many.

        Raises:
            SwitchyardError: What trains here sees fewer.
        """

    def train(
        self,
        splits: Dataset,
        name: str,
        candidate: Section,
        *,
        data: Section,
        task: str,
        contract: Section,
        features: Features,
        image: ImageShape | None,
        split: Section,
        search: Search,
        metrics: Metrics,
        seed: int,
        threads: int,
        seeds: int,
        use_case: str | None,
        folder: Folder | None,
        on_epoch: OnEpoch,
    ) -> Trained:
        """Fits, tunes and exports one candidate, and holds the file against what was fitted.

        Args:
            splits: The parts `train` and `validation`.
            name: What the config calls the candidate.
            candidate: Its section.
            data: The config's sections of these names.
            task: The config's task.
            contract: Likewise.
            features: Likewise.
            image: Likewise; None of a table.
            split: Likewise.
            search: Likewise.
            metrics: Likewise.
            seed: Of everything random.
            threads: Of everything parallel.
            seeds: With how many other seeds the tuned candidate is fitted again.
            use_case: The model's name, if it is not to be the candidate's.
            folder: Where a training that was killed finds how far it was; None: nowhere.
            on_epoch: What is told of each epoch, if there are any.

        Raises:
            InputError: The config or the data cannot be learned from.
            SwitchyardError: The ONNX file and the fitted model disagree.
        """

    def index(self, model: OnnxModel, splits: Dataset) -> OnnxModel:
        """The same network with the training images of today as its gallery: classes are added without training.

        Args:
            model: A trained one.
            splits: The part `train`.

        Raises:
            InputError: The model looks nothing up in a gallery.
        """


def training_of(task: str) -> Training:
    """The functions of a task; what they need is imported only now."""
    return _KINDS[task]()


def _tables() -> Training:
    from switchyard.training.tables import task as steps

    return cast(Training, steps)


def _images() -> Training:
    from switchyard.training.images import task as train_steps

    return cast(Training, train_steps)


_KINDS: dict[str, Callable[[], Training]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
