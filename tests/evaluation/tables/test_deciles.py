import json

import numpy as np
import polars as pl
import pytest

from switchyard.evaluation.tables.deciles import deciles
from tests.evaluation.answers import values


def test_errors_by_decile_are_those_of_a_grouped_table():
    rng = np.random.default_rng(0)
    truth = rng.lognormal(size=1000)
    predicted = truth + rng.normal(size=1000) * truth * 0.1 + 0.05
    table = pl.DataFrame({"t": truth, "e": predicted - truth}).sort("t").with_row_index()
    error = pl.col("e")
    expected = (
        table.group_by(part=pl.col("index") // 100)
        .agg(
            low=pl.col("t").min(),
            high=pl.col("t").max(),
            n=pl.len(),
            mae=error.abs().mean(),
            rmse=(error**2).mean().sqrt(),
            bias=error.mean(),
        )
        .sort("part")
        .drop("part")
        .to_dicts()
    )

    found = deciles(values(truth, predicted))

    assert len(found) == 10
    for each, other in zip(found, expected, strict=True):
        assert each == pytest.approx(other)


def test_where_the_errors_are_is_where_they_show():
    truth = np.arange(100.0)

    found = deciles(values(truth, np.where(truth >= 90, truth - 5, truth)))

    assert [each["bias"] for each in found] == [0] * 9 + [-5]


@pytest.mark.parametrize("truth", [[3.0], [2.0, 2.0, 2.0], [0.0] * 95 + [1, 2, 3, 4, 5]], ids=len)
def test_equal_values_share_a_decile(truth):
    found = deciles(values(truth, np.zeros(len(truth))))

    json.dumps(found, allow_nan=False)
    assert sum(each["n"] for each in found) == len(truth)
    assert found[0]["n"] == truth.count(truth[0])
    assert len(found) <= 2
