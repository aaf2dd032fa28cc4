"""index: a registered model with a new gallery, which takes no training."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zenml import step

from steps.registry.versions import load_version
from steps.storage.artifacts import OnnxModelMaterializer
from steps.support.caching import depends_on
from switchyard.config.recipes import IndexRecipe
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.tasks.registry import kind_named


@step(output_materializers=OnnxModelMaterializer, cache_policy=depends_on())
def index(splits: Dataset, recipe: IndexRecipe) -> Annotated[OnnxModel, "{use_case}_{candidate}"]:
    """Puts the training images of today into the gallery of a version.

    Args:
        splits: The dataset with the part `train`.
        recipe: Whose network is kept.

    Returns:
        Another model, which is evaluated, compared and deployed as one that was trained; `base` on its metadata says of
        which version it was made, and which one was trained.

    Raises:
        InputError: The model looks nothing up in a gallery.
        SwitchyardError: Its file is gone.
    """
    base = load_version(recipe.use_case, recipe.version)
    indexed = kind_named(recipe.kind).training().index(base, splits)
    about = {"version": recipe.version, "sha256": base.metadata["sha256"]}
    about["network"] = network_of(base, recipe.version)
    return replace(indexed, metadata=indexed.metadata | {"base": about})


def network_of(model: OnnxModel, version: int) -> int:
    """The version that was trained: the model itself, unless it was indexed, once or more often.

    Args:
        model: A registered one.
        version: Its number.
    """
    return int(model.metadata.get("base", {}).get("network", version))
