"""preprocess: what needs no fitting: the contract's types, and the split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import step

from steps.registry.versions import training_rows_of
from steps.storage.artifacts import DatasetMaterializer
from steps.support.caching import depends_on
from switchyard.config.recipes import PreprocessRecipe
from switchyard.data.dataset import Dataset
from switchyard.tasks.registry import kind_named


@step(output_materializers=DatasetMaterializer, cache_policy=depends_on())
def preprocess(raw: Dataset, recipe: PreprocessRecipe) -> Annotated[Dataset, "{use_case}_splits"]:
    """Splits the rows, cast to the contract's types, or the images into training, validation and test.

    Args:
        raw: The validated data.
        recipe: How the rows are split, and the gates of which only they can tell whether there will be something to
            gate.

    Returns:
        A dataset with the parts `train`, `validation` and `test`.

    Raises:
        InputError: A gate names a group that no test row is in.
    """
    folder = TemporaryDirectory(prefix="switchyard-split-")
    kind = kind_named(recipe.kind)
    learned = None if recipe.network is None else training_rows_of(recipe.use_case, recipe.network)
    splits = kind.data().preprocess(raw, recipe, Path(folder.name), learned)
    if recipe.row_gates is not None:
        kind.gates().check(splits, recipe)
    return replace(splits, owner=folder)
