"""Golden rows: what they hold, and that the smoke test sees a wrong answer."""

from __future__ import annotations

import copy

import pytest

from switchyard.errors import SwitchyardError
from switchyard.serving.rollout.golden import golden_rows, smoke_test
from switchyard.serving.rollout.golden_rows import GoldenRows


def column(golden, name):
    return next(tensor for tensor in golden.request["inputs"] if tensor["name"] == name)


def test_rows_with_missing_values_are_among_them_as_null(kit):
    golden = golden_rows(kit.model(), kit.frame, count=2)
    assert None in column(golden, "sex")["data"]
    assert None in column(golden, "age")["data"]
    assert column(golden, "age")["shape"] == [2, 1]


def test_a_frame_shorter_than_the_count_gives_all_its_rows(kit):
    assert column(golden_rows(kit.model(), kit.frame, count=100), "age")["shape"] == [5, 1]


def test_no_rows_is_an_error(kit):
    with pytest.raises(SwitchyardError, match="without rows"):
        golden_rows(kit.model(), kit.frame.head(0))


def test_the_right_version_passes(endpoint, kit):
    smoke_test(endpoint.url, "survival", 1, golden_rows(kit.model(), kit.frame))


def test_another_model_fails_and_the_row_is_named(endpoint, kit):
    golden = golden_rows(kit.model(0.01), kit.frame)
    with pytest.raises(SwitchyardError, match=r"smoke test of survival 1: row 0 of output probabilities is .*expected"):
        smoke_test(endpoint.url, "survival", 1, golden)


def test_one_wrong_label_in_one_row_fails(endpoint, kit):
    golden = copy.deepcopy(golden_rows(kit.model(), kit.frame))
    label = golden.response["outputs"][0]
    label["data"][3] = "somebody"
    with pytest.raises(SwitchyardError, match="row 3 of output label is 'died', expected 'somebody'"):
        smoke_test(endpoint.url, "survival", 1, golden)


@pytest.mark.parametrize(("shift", "passes"), [(0.5e-5, True), (2e-5, False)])
def test_floats_may_differ_by_the_tolerance_and_no_more(endpoint, kit, shift, passes):
    golden = copy.deepcopy(golden_rows(kit.model(), kit.frame))
    golden.response["outputs"][1]["data"][2] += shift
    if passes:
        smoke_test(endpoint.url, "survival", 1, golden)
    else:
        with pytest.raises(SwitchyardError, match="row 1 of output probabilities"):
            smoke_test(endpoint.url, "survival", 1, golden)


def test_a_null_where_a_number_was_expected_fails(endpoint):
    request = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [-1.0]}]}
    outputs = [{"name": "y", "datatype": "FP32", "shape": [1, 1], "data": [0.0]}]
    golden = GoldenRows(request, {"outputs": outputs}, tolerance=1e-5)
    with pytest.raises(SwitchyardError, match=r"is None, expected 0\.0"):
        smoke_test(endpoint.url, "log", 7, golden)


def test_a_server_that_is_not_there_is_one_sentence(kit):
    golden = golden_rows(kit.model(), kit.frame)
    with pytest.raises(SwitchyardError, match="does not answer"):
        smoke_test(f"http://127.0.0.1:{kit.free_port()}", "survival", 1, golden)
