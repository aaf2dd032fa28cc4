"""Expectations asked of the ONNX file: each kind holds once and is broken once, and says by how much and where."""

import json

import polars as pl
import pytest

from switchyard.config.sections import Expectations
from switchyard.errors import InputError
from switchyard.evaluation.gates.judge import expectations_as_gates, sentence
from switchyard.evaluation.tables.expectations import check_expectations

CLASSES = ["no", "yes"]
FRAME = pl.DataFrame({"x0": [-1.0, 0.0, 1.0, None], "x1": [1.0, 2.0, 1.0, 3.0]})


def ask(model, frame=FRAME, **expected):
    rows = expected.pop("limit", 500)
    return check_expectations(model, frame, Expectations.model_validate(expected), seed=3, rows=rows)


def directional(**changes):
    return {"name": "up", "column": "x0", "add": 1.0, "score": "not lower"} | changes


def invariant(**changes):
    return {"name": "alike", "column": "x1", "swap": [1, 2]} | changes


@pytest.fixture
def line(regressor):
    """2 x0 - 0.5 x1."""
    return regressor([2.0, -0.5])


@pytest.fixture
def model(classifier):
    """The score is the sigmoid of x0."""
    return classifier([[0, 1.0], [0, 0.0]], CLASSES)


def test_a_row_that_must_have_its_answer(model):
    held, broken = ask(
        model,
        rows=[
            {"name": "held", "row": {"x0": 3.0, "x1": 0}, "answer": "yes"},
            {"name": "broken", "row": {"x0": -3.0, "x1": 0}, "answer": "yes"},
        ],
    )
    assert (held["passed"], held["kind"], held["rows"], held["violated"], held["example"]) == (True, "row", 1, 0, None)
    assert held["measured"] == pytest.approx(0.9526, abs=1e-4)
    assert (broken["passed"], broken["violated"], broken["asked"]) == (False, 1, "the answer yes")
    assert broken["measured"] == pytest.approx(1 - 0.9526, abs=1e-4)
    assert broken["example"] == {"row": {"x0": -3.0, "x1": 0.0}, "found": "no", "expected": "yes"}


@pytest.mark.parametrize(("score", "passes"), [(5.5, True), (5.3, True), (5.71, False), (5.29, False)])
def test_a_row_whose_score_must_be_near(line, score, passes):
    (found,) = ask(line, rows=[{"name": "near", "row": {"x0": 3.0, "x1": 1}, "score": score, "tolerance": 0.2}])
    assert (found["passed"], found["measured"]) == (passes, 5.5)
    assert found["asked"] == f"{score:g} within 0.2"


@pytest.mark.parametrize(
    ("changes", "passes", "measured"),
    [
        ({}, True, 0.0),
        ({"score": "not higher"}, False, 2.0),
        ({"score": "not higher", "tolerance": 2.0}, True, 2.0),
        ({"score": "not higher", "tolerance": 1.99}, False, 2.0),
        ({"add": -1.0}, False, 2.0),
        ({"column": "x1"}, False, 0.5),
        ({"column": "x1", "score": "not higher"}, True, 0.0),
    ],
)
def test_a_direction(line, changes, passes, measured):
    (found,) = ask(line, FRAME.drop_nulls(), directional=[directional(**changes)])
    assert (found["passed"], found["measured"], found["rows"]) == (passes, measured, 3)


def test_a_missing_value_has_nothing_added_to_it_and_what_breaks_is_counted(classifier):
    frame = pl.DataFrame({"x0": [5.0, -5.0, None, 1.0], "x1": [0.0] * 4})
    twisted = classifier([[0, 1.0], [0, 0.0]], CLASSES)
    (found,) = ask(twisted, frame, directional=[directional(add=-1.0, tolerance=0.1)])
    assert (found["rows"], found["violated"], found["passed"]) == (3, 1, False)
    assert found["example"]["row"] == {"x0": 0.0, "x1": 0.0}
    assert found["example"]["found"] == pytest.approx(0.5)
    assert found["example"]["expected"] == "at least 0.631059"
    assert found["asked"] == "not lower by more than 0.1 with x0 − 1"


def test_two_values_that_must_not_be_told_apart(line, model):
    frame = FRAME.drop_nulls()
    (held,) = ask(model, frame, invariant=[invariant()])
    (broken,) = ask(line, frame, invariant=[invariant()])
    (near,) = ask(line, frame, invariant=[invariant(tolerance=0.5)])
    assert (held["passed"], held["measured"], held["rows"]) == (True, 0.0, 3)
    assert (broken["passed"], broken["measured"], broken["violated"]) == (False, 0.5, 3)
    assert (near["passed"], near["asked"]) == (True, "at most 0.5 apart for x1 1 and 2")
    assert broken["example"]["row"]["x1"] in (1.0, 2.0)


def test_what_no_row_can_be_asked_about_has_not_passed(line):
    found = ask(
        line, FRAME.with_columns(x0=pl.lit(None)), directional=[directional()], invariant=[invariant(swap=[7, 8])]
    )
    assert [(each["passed"], each["measured"], each["rows"]) for each in found] == [(False, None, 0)] * 2
    assert str(expectations_as_gates(found)[0]) == (
        "gate expectations.up failed: undefined (no test row has a value of x0), asked not lower with x0 + 1"
    )


def test_a_model_that_answers_nan_breaks_what_is_expected_of_it(line):
    found = ask(
        line,
        pl.DataFrame({"x0": [1.0], "x1": [None]}, schema={"x0": pl.Float64, "x1": pl.Float64}),
        rows=[{"name": "near", "row": {"x0": 3.0}, "score": 5, "tolerance": 1}],
        directional=[directional()],
    )
    assert [(each["passed"], each["measured"]) for each in found] == [(False, None)] * 2


def test_several_classes_need_a_label_unless_only_answers_are_asked_for(classifier):
    three = classifier([[3.0, 0, 0], [0, 3.0, 0]], ["a", "b", "c"])
    with pytest.raises(
        InputError, match=r"expectations\.label is missing, but must name one of the 3 classes: a, b, c"
    ):
        ask(three, directional=[directional()])
    with pytest.raises(InputError, match=r"expectations\.label is 'd', which the model does not know"):
        ask(three, directional=[directional()], label="d")
    (row,) = ask(three, rows=[{"name": "r", "row": {"x0": 2, "x1": 0}, "answer": "a"}])
    (up,) = ask(three, FRAME.drop_nulls(), directional=[directional()], label="a")
    (down,) = ask(three, FRAME.drop_nulls(), directional=[directional()], label="b")
    assert (row["passed"], up["passed"], down["passed"]) == (True, True, False)


def test_a_boolean_target_is_answered_as_a_number(classifier):
    flags = classifier([[0, 1.0], [0, 0.0]], [False, True])
    (found,) = ask(flags, rows=[{"name": "r", "row": {"x0": 2, "x1": 0}, "answer": True}])
    assert found["passed"]


def test_as_gates_they_stop_a_promotion_and_say_why(model):
    results = ask(
        model,
        rows=[{"name": "girl", "row": {"x0": -3.0, "x1": 0}, "answer": "yes"}],
        directional=[directional(add=-1.0, tolerance=0.01)],
    )
    girl, up = expectations_as_gates(results)
    assert (girl.name, girl.passed, up.name) == ("expectations.girl", False, "expectations.up")
    assert sentence([girl]) == "gate expectations.girl failed: measured 0.04743, asked the answer yes"
    assert "measured 0.2311, asked not lower by more than 0.01 with x0 − 1" in str(up)


def test_results_can_be_kept_as_json_and_are_the_same_again(model):
    frame = pl.DataFrame({"x0": [float(i) for i in range(100)], "x1": [1.0, 2.0] * 50})
    once, again = (ask(model, frame, invariant=[invariant()], directional=[directional()], limit=20) for _ in range(2))
    assert json.loads(json.dumps(once, allow_nan=False)) == once == again
    assert [each["rows"] for each in once] == [20, 20]
