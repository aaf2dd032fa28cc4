"""Expectations asked through the endpoint: a version that breaks one does not take over, the old one serves on."""

from __future__ import annotations

import polars as pl
import pytest

from switchyard.config.sections import Expectations
from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.serving.local import repository
from switchyard.serving.local.deploy import deploy
from switchyard.serving.protocol import client
from switchyard.serving.rollout.expectations import ROWS, expected_answers, rows_of
from switchyard.serving.rollout.golden import golden_rows, smoke_test
from switchyard.serving.rollout.golden_rows import GoldenRows

GIRL = {"name": "girl", "row": {"sex": "female", "age": 8.0}, "answer": "survived"}
NEAR = {"name": "near", "row": {"sex": "male", "age": None}, "score": 0.0067, "tolerance": 0.01}
OLDER = {"name": "older", "column": "age", "add": 10.0, "score": "not higher"}
SEXES = {"name": "sexes", "column": "sex", "swap": ["female", "male"], "tolerance": 0.97}
HELD = {"rows": [GIRL, NEAR], "directional": [OLDER], "invariant": [SEXES]}

BROKEN = {
    "girl": (
        {"rows": [GIRL | {"answer": "died"}]},
        r"girl \(the answer died\) is broken: the answer to {'sex': 'female', 'age': 8.0} is 'survived', expected died",
    ),
    "near": (
        {"rows": [NEAR | {"score": 0.5}]},
        r"near \(0\.5 within 0\.01\) is broken: the answer to {'sex': 'male', 'age': None} is 0\.0066\d*, expected 0",
    ),
    "older": (
        {"directional": [OLDER | {"score": "not lower", "tolerance": 0.01}]},
        r"older \(not lower by more than 0\.01 with age \+ 10\) is broken: the answer to {'sex': .*, 'age': .*} is "
        r"0\.\d+, expected at least 0\.\d+",
    ),
    "sexes": (
        {"invariant": [SEXES | {"tolerance": 0.1}]},
        r"sexes \(at most 0\.1 apart for sex female and male\) is broken: the answer to {'sex': '\w+', 'age': .*} is "
        r"0\.\d+, expected 0\.\d+ within 0\.1",
    ),
}


def golden(kit, expected, bias=0.0):
    model = kit.model(bias)
    return golden_rows(
        model, kit.frame, expected=expected_answers(model, kit.frame, Expectations.model_validate(expected), seed=1)
    )


@pytest.mark.parametrize("binary", [False, True])
def test_a_version_that_does_what_is_expected_passes_in_json_and_in_binary(endpoint, kit, binary):
    rows = golden(kit, HELD)
    assert [each["name"] for each in rows.expectations] == ["girl", "near", "older", "sexes"]
    smoke_test(endpoint.url, "survival", 1, GoldenRows.from_json(rows.to_json()), binary=binary)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", BROKEN)
def test_each_kind_is_broken_once_with_its_name_the_row_and_both_values(endpoint, kit, name, binary):
    expected, message = BROKEN[name]
    with pytest.raises(SwitchyardError, match="^smoke test of survival 1: expectation " + message):
        smoke_test(endpoint.url, "survival", 1, golden(kit, HELD | expected), binary=binary)


def test_the_old_version_serves_on_when_the_new_one_breaks_an_expectation(root, kit):
    server = deploy(ServerOptions(root=root, port=kit.free_port()), kit.model(), golden(kit, HELD))
    # Answers exactly as its golden rows say, and yet not as expected.
    with pytest.raises(
        SwitchyardError, match=r"smoke test of survival 2: expectation girl .* is 'died', expected surv"
    ):
        deploy(ServerOptions(root=root), kit.model(-3.0), golden(kit, {"rows": [GIRL]}, bias=-3.0))
    assert client.infer(server.url, "survival", None, kit.passengers(["female"], [8.0]))["model_version"] == "1"
    assert repository.versions(root, "survival") == [1]
    assert [each["name"] for each in repository.golden(root, "survival", 1).expectations] == [
        "girl",
        "near",
        "older",
        "sexes",
    ]


def test_only_some_rows_go_over_the_wire_and_none_where_none_fits(kit):
    frame = pl.DataFrame({"sex": ["male"] * 300, "age": [float(i) for i in range(300)]})
    expected = Expectations.model_validate({"directional": [OLDER], "invariant": [SEXES | {"swap": ["x", "y"]}]})
    (older,) = expected_answers(kit.model(), frame, expected, seed=1)
    assert older["rows"] == ROWS
    assert older["request"]["inputs"][1]["shape"] == [2 * ROWS, 1]


def test_rows_are_those_that_evaluation_sees(kit):
    table = pl.LazyFrame({"sex": ["a", "b", "c"], "age": [1.0, 2.0, 3.0], "y": [1.0, None, float("nan")]})
    assert rows_of(table, kit.model(), "y").to_dicts() == [{"sex": "a", "age": 1.0}]
