"""From the recorded table to the same bytes as the steps made, by nothing but a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from switchyard.data.casting import cast
from switchyard.data.tables.split import split
from switchyard.retrain import main
from switchyard.tasks.recipes import Recipes
from switchyard.training.tables.train import train
from tests.fixtures.houses import config, table

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path):
    """A recipe as `reproduce` writes it."""
    table().write_parquet(tmp_path / "raw.parquet")
    use_case = config("binary", search={"trials": 1, "folds": 2})
    write(tmp_path, use_case.model_dump(mode="json"), "logistic_regression")
    return tmp_path


def write(folder, recorded, candidate):
    recipe = {"config": recorded, "candidate": candidate, "raw": str(folder / "raw.parquet")}
    (folder / "recipe.json").write_text(json.dumps(recipe))


def made_by_the_steps(folder, name):
    """What preprocess and train do with the same table."""
    use_case = config("binary", search={"trials": 1, "folds": 2})
    rows = cast(pl.scan_parquet(folder / "raw.parquet"), use_case.contract)
    splits = split(rows, use_case.split, use_case.data, use_case.task, use_case.seed, folder / "of-the-steps")
    return train(Recipes.of(use_case).train[name], splits.scan("train"), splits.scan("validation")).model


def test_another_process_makes_the_bytes_of_the_steps(folder):
    subprocess.run([sys.executable, "-m", "switchyard.retrain", str(folder)], cwd=ROOT, check=True)

    expected = made_by_the_steps(folder, "logistic_regression")
    assert (folder / "model.onnx").read_bytes() == expected.content
    metadata = json.loads((folder / "metadata.json").read_text())
    assert (metadata["sha256"], metadata["candidate"]) == (expected.metadata["sha256"], "logistic_regression")
    assert pl.read_parquet(folder / "split" / "test.parquet").equals(
        pl.read_parquet(folder / "of-the-steps" / "test.parquet")
    )


@pytest.mark.parametrize("spoil", [{"candidate": "gone"}, {"config": {"name": "x"}}])
def test_a_recipe_that_this_code_does_not_read_is_one_line(folder, capsys, spoil):
    recipe = json.loads((folder / "recipe.json").read_text()) | spoil
    write(folder, recipe["config"], recipe["candidate"])

    assert main([str(folder)]) == 1

    assert "the recorded config is not one that this code reads" in capsys.readouterr().err
    assert not (folder / "model.onnx").exists()
