"""What a user reads at the end of a run, and that the commands in it can be typed."""

from __future__ import annotations

import io
import json
import shlex
import subprocess

import polars as pl
import pytest
from rich.console import Console

from rehearsal.processes import free_port
from runs import summary
from runs.outcome_data import Outcome
from runs.summary import commands, print_summary
from switchyard.config.server_options import ServerOptions
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.local.daemon import stop
from switchyard.serving.local.deploy import deploy
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.conftest import METADATA, survival_graph

DATA = {"uri": "data/people.csv", "rows": 1309, "unit": "row", "fingerprint": "0123456789abcdef0123"}
AUC = {"value": 0.84567, "low": 0.8, "high": 0.9}
GATES = [
    {"name": "roc_auc", "measured": 0.84567, "asked": ">= 0.80", "passed": True},
    {"name": "log_loss", "measured": None, "asked": "<= 0.5", "passed": False},
]
REQUEST = {
    "inputs": [
        {"name": "sex", "shape": [2, 1], "datatype": "BYTES", "data": ['Zoë "O\'Hara" $HOME `ls`\\', "male"]},
        {"name": "age", "shape": [2, 1], "datatype": "FP32", "data": [None, 3.0]},
    ]
}
ENDPOINT = {
    "name": "people",
    "version": 2,
    "url": "http://127.0.0.1:8080",
    "notice": "",
    "request": REQUEST,
    "service": "1",
}


def outcome(**changes):
    candidates = [
        {"name": "forest", "metrics": {"roc_auc": AUC, "f1": {"value": None}}, "best": True},
        {"name": "forest\non test", "metrics": {"roc_auc": {"value": 0.8}, "f1": {"value": 0.7}}, "best": True},
        {"name": "mlp", "metrics": {"roc_auc": {"value": 0.79, "low": 0.7, "high": 0.88}}, "best": False},
    ]
    told = {"candidates": candidates, "primary": "roc_auc", "gates": GATES, "verdict": "promoted: all 2 gates passed"}
    facts = {"run": "people-1", "use_case": "people", "data": DATA, "version": 2, "endpoint": ENDPOINT}
    return Outcome(**{**facts, **told, "links": {"dashboard": "zenml login --local"}, **changes})


def printed(told, note="", width=100):
    console = Console(file=io.StringIO(), width=width)
    print_summary(console, told, note)
    return console.file.getvalue()


def row(text, first):
    """The cells of the line that begins with this one."""
    return next(line.split() for line in text.splitlines() if line.split()[: len(first.split())] == first.split())


def test_data_verdict_model_and_endpoint_are_told():
    text = printed(outcome())

    assert row(text, "data") == ["data", "data/people.csv,", "1,309", "rows,", "fingerprint", "0123456789abcdef"]
    assert "promoted: all 2 gates passed" in text
    assert row(text, "model") == ["model", "people", "version", "2"]
    assert row(text, "endpoint") == ["endpoint", "http://127.0.0.1:8080/v2/models/people"]


def test_metrics_have_their_intervals_below_and_the_primary_one_a_star():
    lines = [line.split() for line in printed(outcome()).splitlines()]
    place = next(number for number, line in enumerate(lines) if line[:2] == ["roc_auc", "*"])

    assert lines[place] == ["roc_auc", "*", "0.846", "0.800", "0.790"]
    assert lines[place + 1] == ["0.800–0.900", "0.700–0.880"]
    assert lines[place + 2] == ["f1", "undefined", "0.700", "undefined"]


def test_gates_say_measured_and_asked():
    text = printed(outcome())

    assert "0.8457" in text
    assert row(text, "log_loss") == ["log_loss", "undefined", "<=", "0.5", "failed"]


DIFFERENCE = {"champion": 0.81, "challenger": 0.8437, "effect": 0.0337, "low": 0.0102, "high": 0.0571, "p": 0.0048}
COMPARISON = {"verdict": "promote", "metric": "roc_auc", "test": "delong", "alpha": 0.1, "rows": 1262, "unit": "row"}
COMPARISON |= {"reason": "roc_auc 0.844 against 0.810"}


def test_challenger_and_champion_stand_side_by_side():
    text = printed(outcome(champion=2, comparison={**COMPARISON, "difference": DIFFERENCE}), width=120)

    assert "challenger against champion, on 1,262 test rows" in text
    assert "90 % interval" in text and "p (delong)" in text
    assert row(text, "0.844 0.810") == ["0.844", "0.810", "0.034", "0.010", "to", "0.057", "0.0048", "promote"]
    assert row(text, "model") == ["model", "people", "version", "2"]


def test_a_version_that_is_not_the_champion_names_the_one_that_is():
    text = printed(outcome(champion=1, comparison={**COMPARISON, "difference": {}}))

    assert "people version 2, registered; version 1 is the champion" in text
    assert "challenger against" not in text


def test_figures_of_a_regression_are_readable():
    metrics = {"rmse": {"value": 1234.56, "low": 1200.0, "high": 1300.4}, "r2": {"value": -0.5}, "sum": {"value": 2e7}}
    text = printed(outcome(candidates=[{"name": "ridge", "metrics": metrics, "best": True}], primary="rmse"))

    assert "1,234.6" in text
    assert "1,200.0–1,300.4" in text
    assert "-0.500" in text
    assert "2e+07" in text


def test_a_refused_model_has_no_endpoint_and_nothing_to_predict_with():
    text = printed(outcome(endpoint=None, verdict="refused: log_loss is 0.6, asked is <= 0.5"))

    assert "refused: log_loss" in text
    assert "curl" not in text
    assert "run.py stop" not in text
    assert "zenml login --local" in text


def test_a_run_that_ended_early_tells_what_there_is():
    text = printed(Outcome(run="people-1", use_case="people", data={**DATA, "rows": None}))

    assert "people-1" in text
    assert "remote" in text
    assert "gates" not in text


def test_what_looks_like_markup_is_printed_as_it_is():
    odd = {"name": "[bold]forest", "metrics": {"roc_auc": AUC}, "best": True}
    text = printed(outcome(data={**DATA, "uri": "s3://bucket/[ab].csv"}, candidates=[odd], verdict="refused: [red]no"))

    assert "s3://bucket/[ab].csv" in text
    assert "[bold]forest" in text
    assert "refused: [red]no" in text


def test_a_notice_and_a_note_are_told():
    text = printed(outcome(endpoint={**ENDPOINT, "notice": "port 8080 is in use"}), note="Nothing has changed.")

    assert "port 8080 is in use" in text
    assert text.strip().startswith("Nothing has changed.")


def test_an_image_is_sent_as_a_file_where_the_server_takes_files():
    request = {"inputs": [{"name": "image", "shape": [5, 28, 28, 1], "datatype": "UINT8", "data": [0]}]}
    pets = {**ENDPOINT, "request": request}

    for endpoint in (pets, {**pets, "predict_image": True}):  # an older run did not note it
        assert "people/predict-image " in dict(commands(outcome(endpoint=endpoint)))["predict"]
        assert "tensors only" not in printed(outcome(endpoint=endpoint))
    tensors = outcome(endpoint={**pets, "predict_image": False})
    assert "predict" not in dict(commands(tensors))
    assert "it takes images as tensors only: docs/endpoint.md#images" in printed(tensors)


@pytest.mark.parametrize("width", [40, 200])
def test_commands_stand_on_one_line_whatever_the_terminal(width):
    told = outcome()

    lines = [line.strip() for line in printed(told, width=width).splitlines()]

    assert [command for _, command in commands(told) if command not in lines] == []


def test_the_project_s_own_programs_are_called_without_activation(monkeypatch, tmp_path):
    monkeypatch.setattr(summary, "ROOT", tmp_path)
    monkeypatch.setattr("sys.prefix", str(tmp_path / ".venv"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert dict(commands(outcome()))["open dashboard"] == ".venv/bin/zenml login --local"
    assert dict(commands(outcome()))["stop the endpoint"] == ".venv/bin/python run.py stop people"
    assert dict(commands(outcome()))["predict"].startswith("curl")

    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / ".venv"))
    assert dict(commands(outcome()))["open dashboard"] == "zenml login --local"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server of a model that takes `REQUEST`, which asks for a token, and its example request."""
    root = tmp_path_factory.mktemp("repository")
    model = OnnxModel(survival_graph(), {**METADATA, "name": "people"})
    rows = pl.DataFrame({each["name"]: each["data"] for each in REQUEST["inputs"]})
    golden = golden_rows(model, rows)
    deployed = deploy(ServerOptions(root=root, port=free_port(), token="let-me-in"), model, golden)
    yield {**ENDPOINT, "url": deployed.url, "version": deployed.version, "request": golden.request}
    stop(root)


@pytest.mark.needs("curl")
def test_the_curl_command_works_in_a_shell_with_quotes_other_letters_and_a_token(served, monkeypatch):
    monkeypatch.setenv("SWITCHYARD_TOKEN", "let-me-in")
    command = dict(commands(outcome(endpoint=served)))["predict"]

    assert "let-me-in" not in command
    assert "\n" not in command
    sent = json.loads(shlex.split(command)[-1])
    assert [each["shape"] for each in sent["inputs"]] == [[1, 1], [1, 1]]
    assert sent["inputs"][0]["data"] == [served["request"]["inputs"][0]["data"][0]]
    for shell in ("sh", "bash"):
        done = subprocess.run([shell, "-c", command], capture_output=True, text=True, timeout=30, check=True)
        answer = json.loads(done.stdout)
        assert answer["model_name"] == "people"
        assert len(answer["outputs"]) == 2
