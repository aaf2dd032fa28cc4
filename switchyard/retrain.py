"""Makes one model again, from the recorded data to the ONNX file: `python -m switchyard.retrain FOLDER`.

A process of its own, so that the code of any commit can do it: `runs/versions/reproduce.py` starts it where that
code lies, and only the folder is between them. What the folder holds must therefore keep its meaning:

    recipe.json     {"config": the whole config, "candidate": its name in there, "raw": path of the Parquet file}
    base/           of a model that was indexed: the one whose network it has, and what that was trained on
    model.onnx      written: the file, and beside it whatever the metadata names
    metadata.json       written: what is known of it
    split/          written: train.parquet, validation.parquet, test.parquet

It takes the steps preprocess and train (or index) and nothing else, so it needs neither ZenML nor a server.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from switchyard.config.loading import recorded
from switchyard.data.dataset import Dataset
from switchyard.data.training_rows import TrainingRows
from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.tasks.recipes import Recipes
from switchyard.tasks.registry import kind_of
from switchyard.training.callbacks import Progress


def retrain(folder: Path) -> None:
    """Reads the recipe and writes what comes of it.

    Args:
        folder: With `recipe.json` in it.

    Raises:
        SwitchyardError: The recipe is of another time, or this code cannot train from it.
    """
    from pydantic import ValidationError

    base = folder / "base"
    recipe: dict[str, Any] = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    try:
        config = recorded(recipe["config"])
        recipes = Recipes.of(config)
        wanted = None if base.is_dir() else recipes.train[recipe["candidate"]]
    except (ValidationError, KeyError) as error:
        raise SwitchyardError(f"the recorded config is not one that this code reads: {error}") from error
    raw = Dataset(str(Path(recipe["raw"]).parent), ("raw",))
    learned = TrainingRows.read(Dataset(str(base), ("columns", "rows"))) if (base / "rows.parquet").is_file() else None
    kind = kind_of(config.task)
    splits = kind.data().preprocess(raw, recipes.preprocess, folder / "split", learned)
    if wanted is None:
        kind.training().index(OnnxModel.of_folder(base), splits).write(folder)
        return
    trained = kind.training().train(splits, wanted.replaced(seeds=0), Progress())
    trained.model.write(folder)


def main(arguments: list[str]) -> int:
    """One folder; what goes wrong is one line on stderr and exit code 1."""
    try:
        retrain(Path(arguments[0]))
    except SwitchyardError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
