"""From training images or rows to a checked ONNX model: what the step train does for a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from switchyard.config.recipes import TrainRecipe
    from switchyard.config.sections import UseCase
    from switchyard.data.dataset import Dataset
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.callbacks import Progress
    from switchyard.training.trained import Trained


class Training(Protocol):
    """What is trained of a candidate."""

    def check_candidates(self, config: UseCase) -> None:
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

    def train(self, splits: Dataset, recipe: TrainRecipe, progress: Progress) -> Trained:
        """Fits, tunes and exports one candidate, and holds the file against what was fitted.

        Args:
            splits: The parts `train` and `validation`.
            recipe: Of this kind.
            progress: What is told of each epoch, and where a training that was killed finds how far it was.

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
