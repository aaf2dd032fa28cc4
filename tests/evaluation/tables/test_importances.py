"""Permutation importances: exact where they can be counted, nothing for a column that is ignored."""

import itertools

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Data, Importances, Metrics
from switchyard.evaluation.tables.importances import importances

DATA = Data(uri="x.csv", target="y")
CLASSES = ["no", "yes"]


def ask(model, frame, primary="roc_auc", rows=5000, repeats=10, seed=1, bootstrap=200):
    metrics = Metrics(primary=primary, bootstrap=bootstrap)
    settings = Importances(repeats=repeats, rows=rows)
    task = model.metadata["task"]
    return importances(model, frame, data=DATA, task=task, metrics=metrics, settings=settings, seed=seed)


@pytest.fixture
def frame():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(600, 3))
    hit = x[:, 0] + 0.3 * x[:, 1] + rng.normal(0, 0.5, 600) > 0
    return pl.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "x2": x[:, 2], "y": np.where(hit, "yes", "no")})


@pytest.fixture
def model(classifier):
    return classifier([[0, 2.0], [0, 0.6], [0, 0.0]], CLASSES)


def test_a_column_that_the_model_ignores_is_worth_nothing_and_the_used_ones_something(model, frame):
    found = ask(model, frame)
    assert found["x2"] == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 600}
    assert found["x0"]["low"] > found["x1"]["high"] > found["x1"]["low"] > 0


def test_a_column_that_is_noise_to_the_target_has_an_interval_around_nothing(classifier, frame):
    found = ask(classifier([[0, 2.0], [0, 0.6], [0, 0.05]], CLASSES), frame)
    assert found["x2"]["low"] < 0 < found["x2"]["high"]
    assert abs(found["x2"]["value"]) < 0.01


def test_the_value_is_the_mean_loss_over_all_orders_of_three_rows(regressor):
    frame = pl.DataFrame({"x0": [0.0, 1.0, 5.0], "y": [0.0, 1.0, 5.0]})
    orders = list(itertools.permutations([0.0, 1.0, 5.0]))
    expected = np.mean([np.mean((np.array(order) - frame["y"].to_numpy()) ** 2) ** 0.5 for order in orders])
    found = ask(regressor([1.0]), frame, primary="rmse", rows=10, repeats=500, bootstrap=0)
    assert found["x0"]["value"] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("primary", ["roc_auc", "accuracy", "log_loss"])
def test_positive_means_that_the_metric_gets_worse_whichever_way_it_counts(model, frame, primary):
    assert ask(model, frame, primary)["x0"]["low"] > 0


def test_a_model_that_reads_a_column_the_wrong_way_round_gains_without_it(classifier, frame):
    assert ask(classifier([[0, -2.0], [0, 0.0], [0, 0.0]], CLASSES), frame)["x0"]["high"] < 0


def test_no_more_rows_than_asked_and_the_same_seed_gives_the_same(model, frame):
    once, again, other = ask(model, frame, rows=100), ask(model, frame, rows=100), ask(model, frame, rows=100, seed=2)
    assert once == again != other
    assert {each["n"] for each in once.values()} == {100}


def test_the_interval_narrows_with_the_rows(model, frame):
    few, many = ask(model, frame, rows=50)["x0"], ask(model, frame)["x0"]
    assert few["high"] - few["low"] > 2 * (many["high"] - many["low"])


def test_three_classes_and_no_resamples(classifier, frame):
    three = frame.with_columns(pl.when(pl.col("x2") > 0.5).then(pl.lit("so")).otherwise("y").alias("y"))
    found = ask(classifier([[0, 2, 0.0], [0, 0.6, 0], [0, 0, 3]], ["no", "yes", "so"]), three, bootstrap=0)
    assert found["x2"]["value"] > 0.05
    assert found["x2"]["low"] is None


def test_a_model_that_answers_nan_has_no_importances(regressor):
    frame = pl.DataFrame({"x0": [1.0, None, 3.0], "y": [1.0, 2.0, 3.0]})
    assert ask(regressor([1.0]), frame, "rmse", rows=10) == {"x0": {"value": None, "low": None, "high": None, "n": 3}}
