"""Other seeds, time and memory: on the metadata, outside the ONNX bytes."""

import time

import numpy as np
import polars as pl
import pytest

from switchyard.model.onnx_model import METADATA_KEY
from switchyard.tasks.recipes import Recipes
from switchyard.training.peak_memory import PeakMemory
from switchyard.training.seeds import other_seeds
from switchyard.training.tables.fitted import Fitted
from switchyard.training.tables.stability import measure_stability
from switchyard.training.tables.target import Target


def train(houses, rows, candidate, seeds, target="binary"):
    from switchyard.training.tables.train import train as train_candidate

    recipe = Recipes.of(houses.config(target)).train[candidate].replaced(seeds=seeds)
    return train_candidate(recipe, rows.head(300).lazy(), rows.tail(100).lazy()).model


@pytest.mark.parametrize("target", ["binary", "three", "price"])
def test_a_forest_depends_on_its_seed_and_its_file_does_not_on_how_many_are_tried(houses, rows, target):
    plain, measured = (train(houses, rows, "random_forest", seeds, target) for seeds in (0, 2))
    assert plain.content == measured.content
    assert plain.metadata["stability"] is None
    found = measured.metadata["stability"]
    assert (found["seeds"], found["metric"]) == ([5, 6, 7], houses.config(target).metrics.primary)
    assert len(set(found["values"])) == 3
    assert found["low"] == min(found["values"]) < found["mean"] < found["high"] == max(found["values"])
    assert found["std"] == pytest.approx(np.std(found["values"], ddof=1))
    assert b"stability" not in measured.content
    assert METADATA_KEY.encode() in measured.content


def test_the_first_value_is_what_evaluation_finds_for_the_file_and_nothing_is_luck_in_a_linear_model(houses, rows):
    from switchyard.evaluation.scoring import ask, score

    config = houses.config()
    model = train(houses, rows, "logistic_regression", 2)
    found = score(ask(model, rows.tail(100), config.data.target), config.metrics, seed=1)
    first, *others = model.metadata["stability"]["values"]
    assert first == pytest.approx(found.metrics["log_loss"]["value"], abs=1e-6)
    assert others == [first, first]


def test_time_memory_and_rows_are_told(houses, rows):
    training = train(houses, rows, "ridge", 0, "price").metadata["training"]
    assert training["rows"] == 300
    assert training["seconds"] > 0
    assert training["peak_memory_mb"] > 50


def test_a_large_array_that_is_gone_again_is_seen():
    with PeakMemory() as small:
        pass
    with PeakMemory() as large:
        block = np.ones(20_000_000)
        time.sleep(0.3)  # fifteen looks at it
        del block
    assert large.megabytes > small.megabytes + 130


def test_seeds_stay_within_their_range():
    assert other_seeds(2**32 - 2, 3) == [2**32 - 1, 0, 1]


class Constant:
    """Answers one value; NaN stands for a fit that diverged."""

    def __init__(self, value):
        self.value = value

    def transform(self, frame):
        return frame

    def predict(self, frame):
        return np.full(frame.height, self.value)


def test_a_seed_that_diverges_has_no_value_and_rows_without_a_target_none(houses):
    rows = pl.DataFrame({"y": [1.0, 2.0, 3.0, None, float("nan")]})
    values = {1: 2.0, 2: float("nan"), 3: 3.0}
    found = measure_stability(
        lambda seed: Fitted(Constant(0), Constant(values[seed]), "regression"),
        seeds=[1, 2, 3],
        rows=rows,
        target=Target("y", "regression"),
        metric="mae",
    )
    assert found["values"] == [pytest.approx(2 / 3), None, 1.0]
    assert (found["low"], found["high"]) == (pytest.approx(2 / 3), 1.0)
