"""Robustness: a perturbation costs a model that minds it, and nothing one that does not."""

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto, helper

from switchyard.config.sections import Data, Metrics, Robustness
from switchyard.evaluation.tables.changed_rows import ChangedRows
from switchyard.evaluation.tables.robustness import kinds, robustness
from switchyard.model.onnx_model import OnnxModel

DATA = Data(uri="x.csv", target="y")


def colour_model(unknown, missing=0.0):
    """`yes` for red, `no` for blue; a colour that it does not know has the score `unknown`."""
    known = {"keys_strings": ["red", "blue", ""], "values_floats": [1.0, -1.0, missing], "default_float": unknown}
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("LabelEncoder", ["colour"], ["z"], domain="ai.onnx.ml", **known),
        helper.make_node("Sigmoid", ["z"], ["p"]),
        helper.make_node("Neg", ["z"], ["-z"]),
        helper.make_node("Sigmoid", ["-z"], ["q"]),
        helper.make_node("Concat", ["q", "p"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["number"], axis=1, keepdims=0),
        helper.make_node(
            "LabelEncoder",
            ["number"],
            ["label"],
            domain="ai.onnx.ml",
            keys_int64s=[0, 1],
            values_strings=["no", "yes"],
        ),
    ]
    outputs = [
        value("label", TensorProto.STRING, [None]),
        value("probabilities", TensorProto.FLOAT, [None, 2]),
    ]
    graph = helper.make_graph(nodes, "g", [value("colour", TensorProto.STRING, [None, 1])], outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    content = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    metadata = {"name": "demo", "candidate": "c", "task": "classification", "classes": ["no", "yes"], "positive": "yes"}
    return OnnxModel(content, metadata | {"inputs": [{"name": "colour", "datatype": "BYTES"}]})


def colours(rows=400):
    red = np.arange(rows) % 2 == 0
    return pl.DataFrame({"colour": np.where(red, "red", "blue"), "y": np.where(red, "yes", "no")})


def shake(model, frame, primary="accuracy", **settings):
    metrics = Metrics(primary=primary, bootstrap=200)
    chosen = Robustness(**{key: value for key, value in settings.items() if key in Robustness.model_fields})
    rest = {key: value for key, value in settings.items() if key not in Robustness.model_fields}
    task = model.metadata["task"]
    test = ChangedRows(model, frame, DATA, task, primary)
    return robustness(test, metrics=metrics, settings=chosen, **{"seed": 1} | rest)


def numbers(rows=500):
    x = np.random.default_rng(0).normal(0, 2, rows)
    return pl.DataFrame({"x0": x, "y": x})


def test_unknown_categories_cost_a_model_that_takes_them_all_for_red(regressor):
    found = shake(colour_model(unknown=9.0), colours(2000), unknown=0.4)
    # A fifth of all rows are blue ones that are taken for red.
    assert found["unknown"]["accuracy"]["value"] == pytest.approx(0.8, abs=0.03)
    assert found["unknown"]["loss_low"] < found["unknown"]["loss"] < found["unknown"]["loss_high"]
    assert found["unknown"]["loss"] == pytest.approx(1 - found["unknown"]["accuracy"]["value"])
    assert found["unknown"]["loss_low"] > 0.1


def test_unknown_categories_cost_nothing_where_all_answers_are_right_anyhow(regressor):
    only_red = colours().filter(pl.col("y") == "yes")
    assert shake(colour_model(unknown=9.0), only_red)["unknown"]["loss"] == 0.0


def test_missing_and_unknown_are_different_cells(regressor):
    found = shake(colour_model(unknown=9.0, missing=-9.0), colours(2000), missing=1.0, unknown=1.0)
    assert found["missing"]["accuracy"]["value"] == 0.5
    assert set(found) == {"missing", "unknown"} == set(kinds(text=True, numbers=False))


def test_noise_is_so_many_standard_deviations(regressor):
    found = shake(regressor([1.0]), numbers(5000), "rmse", noise=0.25)
    assert found["noise"]["rmse"]["value"] == pytest.approx(0.25 * 2, rel=0.05)
    assert found["noise"]["loss"] == pytest.approx(found["noise"]["rmse"]["value"], abs=1e-5)
    assert set(found) == {"missing", "noise"} == set(kinds(text=False, numbers=True))


def test_an_ignored_column_can_be_perturbed_at_no_cost(regressor):
    frame = numbers().with_columns(pl.col("x0").alias("x1"))
    found = shake(regressor([0.0, 1.0]), frame.with_columns(x0=pl.Series(np.arange(500.0))), "mae", noise=1e-9)
    assert found["noise"]["loss"] == pytest.approx(0.0, abs=1e-6)


def test_true_and_false_get_no_noise_and_a_number_can_be_a_category(regressor):
    frame = pl.DataFrame({"x0": [True, False] * 20, "x1": [3, 4] * 20, "y": [4.0, 4.0] * 20})
    found = shake(regressor([1.0, 1.0]), frame, "rmse", categorical=["x1"])
    assert set(found) == {"missing", "unknown"}
    assert found["unknown"]["loss"] > 1000


def test_a_model_that_answers_nan_when_a_value_is_missing_says_so(regressor):
    found = shake(regressor([1.0]), numbers(), "rmse")
    assert found["missing"]["rmse"]["value"] is None
    assert found["missing"]["loss"] is None


def test_the_same_seed_gives_the_same_and_so_many_rows_at_most(regressor):
    frame = numbers()
    once, again = (shake(regressor([1.0]), frame, "rmse", rows=100) for _ in range(2))
    assert once == again != shake(regressor([1.0]), frame, "rmse", rows=100, seed=2)
    assert once["noise"]["rmse"]["n"] == 100
