"""Shapley values of the ONNX file: against brute force, and adding up to the score."""

import itertools
import math

import numpy as np
import polars as pl
import pytest

from switchyard.evaluation.tables import explanations as module
from switchyard.evaluation.tables.explanations import explanations

CLASSES = ["no", "yes"]


def table(columns, rows, seed=0):
    rng = np.random.default_rng(seed)
    return pl.DataFrame({f"x{k}": rng.normal(size=rows) for k in range(columns)})


def brute_force(score, row, background):
    """The definition: the mean over all orders in which columns can arrive."""
    columns = row.columns
    found = dict.fromkeys(columns, 0.0)

    def value(present):
        mixed = background.with_columns(pl.lit(row[name][0]).alias(name) for name in present)
        return float(np.mean(score(mixed)))

    for order in itertools.permutations(columns):
        for place, name in enumerate(order):
            found[name] += value(order[: place + 1]) - value(order[:place])
    return {name: total / math.factorial(len(columns)) for name, total in found.items()}


def test_against_brute_force_on_a_model_with_interactions(classifier):
    model = classifier([[0, 2.0], [0.5, -1.0], [0, 0.7]], CLASSES)
    background, rows = table(3, 12), table(3, 2, seed=1)
    found = explanations(model, rows, background=background, seed=0)
    for i, each in enumerate(found["rows"]):
        expected = brute_force(lambda frame: model.run(frame)["probabilities"][:, 1], rows[[i]], background)
        assert each["contributions"] == pytest.approx(expected, abs=1e-6)
    assert (found["method"], found["background"]) == ("exact", 12)


@pytest.mark.parametrize("columns", [1, 2, 5, 10, 11, 20])
def test_contributions_add_up_to_the_score(classifier, columns):
    weights = np.random.default_rng(3).normal(size=(columns, 2))
    model, rows = classifier(weights, CLASSES), table(columns, 3, seed=1)
    found = explanations(model, rows, background=table(columns, 60), seed=0)
    answered = model.run(rows)["probabilities"][:, 1]
    for each, score in zip(found["rows"], answered, strict=True):
        assert each["score"] == pytest.approx(score, abs=1e-7)
        assert found["base"] + sum(each["contributions"].values()) == pytest.approx(score, abs=1e-6)


def test_a_linear_model_is_explained_by_its_weights_and_an_ignored_column_by_nothing(regressor):
    rows = table(3, 2, seed=1).with_columns(pl.Series("y", [5.0, 6.0]))
    background = table(3, 40)
    found = explanations(regressor([2.0, -1.0, 0.0]), rows, background=background, target="y", seed=0)
    for i, each in enumerate(found["rows"]):
        expected = {"x0": 2.0 * (rows["x0"][i] - background["x0"].mean())}
        expected |= {"x1": -1.0 * (rows["x1"][i] - background["x1"].mean()), "x2": 0.0}
        assert each["contributions"] == pytest.approx(expected, abs=1e-5)
        assert each["label"] is None
    assert [each["true"] for each in found["rows"]] == [5.0, 6.0]


def test_sampled_values_come_near_the_exact_ones(classifier, monkeypatch):
    weights = np.random.default_rng(3).normal(size=(10, 2))
    model, rows, background = classifier(weights, CLASSES), table(10, 2, seed=1), table(10, 30)
    exact = explanations(model, rows, background=background, seed=0)
    monkeypatch.setattr(module, "EXACT_COLUMNS", 8)
    sampled = explanations(model, rows, background=background, seed=0)
    assert sampled["method"] == "sampled"
    for one, other in zip(exact["rows"], sampled["rows"], strict=True):
        assert other["contributions"] == pytest.approx(one["contributions"], abs=0.005)
        assert 0 == one["error"] < other["error"] < 0.005


def test_of_several_classes_the_answered_one_is_explained(classifier):
    model = classifier([[3.0, 0, 0], [0, 3.0, 0], [0, 0, 0]], ["a", "b", "c"])
    rows = pl.DataFrame({"x0": [2.0, -2.0], "x1": [-2.0, 2.0], "x2": [0.0, 0.0]})
    found = explanations(model, rows, background=table(3, 30), seed=0)
    assert [each["label"] for each in found["rows"]] == ["a", "b"]
    assert found["base"] is None
    for each in found["rows"]:
        assert each["base"] + sum(each["contributions"].values()) == pytest.approx(each["score"], abs=1e-6)


def test_the_same_seed_gives_the_same_and_missing_values_are_values(classifier):
    model = classifier([[0, 2.0], [0, 1.0]], CLASSES)
    background = table(2, 500)
    once, again = (explanations(model, table(2, 2, 1), background=background, seed=5) for _ in range(2))
    assert once == again != explanations(model, table(2, 2, 1), background=background, seed=6)
