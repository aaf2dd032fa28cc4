"""A gate on a group that no test row is in ends the run before anything is trained."""

from __future__ import annotations

import polars as pl
import pytest

from steps.preprocess import preprocess
from switchyard.config.sections import Column, Config, Contract, Data, Metrics, Split
from switchyard.data.dataset import Dataset
from switchyard.errors import InputError
from switchyard.tasks.recipes import Recipes

ROWS = 200
COLUMNS = {
    "port": Column(type="string"),  # the contract does not say which there are
    "count": Column(type="integer"),
    "y": Column(type="string", allowed=("no", "yes")),
}


def dealt(folder, gates):
    rows = range(ROWS)
    columns = {"port": [("Ely", "Deal")[i % 2] for i in rows], "count": [0] * ROWS}
    pl.DataFrame({**columns, "y": [("no", "yes")[i // 3 % 2] for i in rows]}).write_parquet(folder / "raw.parquet")
    use_case = Config.model_construct(
        **{"name": "ports", "task": "classification", "seed": 0, "gates": gates, "split": Split(), "candidates": {}},
        data=Data(uri="ports.parquet", target="y"),
        contract=Contract(columns=COLUMNS),
        metrics=Metrics(primary="roc_auc"),
    )
    return preprocess.entrypoint(
        raw=Dataset(root=str(folder), parts=("raw",)),
        recipe=Recipes.of(use_case).preprocess,
    )


def test_a_group_that_has_test_rows_can_be_gated(tmp_path):
    gates = {"slices.port.Deal.roc_auc": ">= 0.5", "slices.count.q1.rows": "> 0", "thresholds.default.cost": "< 1"}

    assert dealt(tmp_path, gates).parts == ("train", "validation", "test")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("slices.port.Del.roc_auc", "slices.port has nothing called Del: did you mean slices.port.Deal.roc_auc.*Ely"),
        ("slices.count.q2.roc_auc", "slices.count has nothing called q2: .*q1"),
        ("slices.port.missing.rows", "slices.port has nothing called missing"),
    ],
)
def test_a_group_without_test_rows_is_refused(tmp_path, name, expected):
    with pytest.raises(InputError, match=f"gates.{name} names nothing in the report: {expected}"):
        dealt(tmp_path, {name: ">= 0.5"})
