"""index: a registered model with a new gallery, which takes no training."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zenml import step

from steps.registry.versions import load_version
from steps.storage.artifacts import OnnxModelMaterializer
from steps.support.caching import depends_on
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.tasks.training import training_of

_CODE = depends_on("switchyard/tasks/training.py", "switchyard/training", "switchyard/model", "switchyard/data")


@step(output_materializers=OnnxModelMaterializer, cache_policy=_CODE)
def index(splits: Dataset, version: int, task: str, use_case: str) -> Annotated[OnnxModel, "{use_case}_{candidate}"]:
    """Puts the training images of today into the gallery of a version.

    Args:
        splits: The dataset with the part `train`.
        version: Whose network is kept.
        task: Says what kind of model it is.
        use_case: The registered model's name.

    Returns:
        Another model, which is evaluated, compared and deployed as one that was trained; `base` on its metadata says of
        which version it was made, and which one was trained.

    Raises:
        InputError: The model looks nothing up in a gallery.
        SwitchyardError: Its file is gone.
    """
    base = load_version(use_case, version)
    indexed = training_of(task).index(base, splits)
    about = {"version": version, "sha256": base.metadata["sha256"], "network": network_of(base, version)}
    return replace(indexed, metadata=indexed.metadata | {"base": about})


def network_of(model: OnnxModel, version: int) -> int:
    """The version that was trained: the model itself, unless it was indexed, once or more often.

    Args:
        model: A registered one.
        version: Its number.
    """
    return int(model.metadata.get("base", {}).get("network", version))
