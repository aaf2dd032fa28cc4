"""Two files of one use case: what differs is found where it was planted."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from switchyard.model.difference import differences, largest_difference
from switchyard.model.onnx_model import OnnxModel
from tests.fixtures import brightness


@pytest.fixture(scope="module")
def fit(houses, rows):
    made = {}

    def get(candidate, **params):
        key = (candidate, *params.items())
        if key not in made:
            config = houses.config("binary")
            made[key] = houses.fit(config, candidate, rows[:300], rows[300:], **params).model
        return made[key]

    return get


def changed(model, change):
    proto = onnx.load_model_from_string(model.content)
    change(proto)
    return OnnxModel(proto.SerializeToString(deterministic=True), model.metadata)


def test_the_same_bytes_differ_in_nothing(fit):
    assert differences(fit("logistic_regression").content, fit("logistic_regression").content) == []


def test_a_weight_is_found_with_its_distance(fit, rows):
    model = fit("logistic_regression")
    constant = next(
        each
        for each in onnx.load_model_from_string(model.content).graph.initializer
        if numpy_helper.to_array(each).dtype == np.float32 and numpy_helper.to_array(each).size > 3
    )

    def nudge(proto):
        target = next(each for each in proto.graph.initializer if each.name == constant.name)
        values = numpy_helper.to_array(target).copy()
        values.flat[1] += 0.25
        target.CopyFrom(numpy_helper.from_array(values, target.name))

    other = changed(model, nudge)

    size = numpy_helper.to_array(constant).size
    assert differences(model.content, other.content) == [
        f"{constant.name} differs in 1 of {size:,} values, by up to 0.25"
    ]


def test_another_hyperparameter_comes_first(fit, houses, rows):
    found = differences(fit("random_forest").content, fit("logistic_regression").content)

    assert found[0].startswith("candidate ") or found[0].startswith("params")
    assert any(each.startswith("type ") for each in found)
    assert any("nodes (" in each for each in found)


def test_a_split_inside_a_tree_is_found(fit):
    model = fit("random_forest")

    def move(proto):
        node = next(node for node in proto.graph.node if node.op_type.startswith("TreeEnsemble"))
        splits = next(each for each in node.attribute if each.name == "nodes_values_as_tensor")
        values = numpy_helper.to_array(splits.t).copy()
        values[0] += 1.0
        splits.t.CopyFrom(numpy_helper.from_array(values, splits.t.name))

    found = differences(model.content, changed(model, move).content)

    assert len(found) == 1
    assert re.fullmatch(r"TreeEnsemble\w+ \d+, nodes_values_as_tensor differs in 1 of \d+ values, by up to 1", found[0])


def test_what_changes_no_answer_is_called_so(fit):
    model = fit("logistic_regression")

    def sign(proto):
        proto.producer_name = "somebody"

    other = changed(model, sign)

    assert differences(model.content, other.content) == ["the files differ in nothing that the model computes with"]


def test_answers_are_as_far_apart_as_they_are(fit, rows):
    one, other = fit("logistic_regression"), fit("random_forest")

    apart = largest_difference(one, other, rows[:50])

    expected = np.abs(one.run(rows[:50])["probabilities"] - other.run(rows[:50])["probabilities"]).max()
    assert apart == pytest.approx(float(expected)) and apart > 0.01
    assert largest_difference(one, one, rows[:50]) == 0
    assert largest_difference(one, other, rows[:50].drop("area")) is None
    assert largest_difference(one, other, rows[:0]) is None


@pytest.mark.parametrize("beside", [False, True])
def test_retrievals_are_as_far_apart_as_their_embeddings(beside):
    images = brightness.table(30, 0)
    one, other = brightness.retrieval(images, beside=beside), brightness.retrieval(images, blind=0.5, beside=beside)

    embeddings = [brightness.embeddings(brightness.levels(images), blind) for blind in (1, 0.5)]
    assert largest_difference(one, other, images) == pytest.approx(
        np.abs(embeddings[0] - embeddings[1]).max(), abs=0.01
    )
    assert largest_difference(one, one, images) == 0
