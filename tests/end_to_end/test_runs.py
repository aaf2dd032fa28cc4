"""Runs as a user sees them: what is printed, what comes from the cache, what is left behind."""

from __future__ import annotations

import json
import os
import re
import urllib.request

import mlflow
import pytest

STEPS = ["ingest", "validate", "preprocess", "train_logistic", "evaluate", "promote", "deploy"]
UNCHANGED = "Nothing has changed since run"


def outcome(project, use_case):
    return json.loads((project.root / ".switchyard" / f"{use_case}.json").read_text())["outcome"]


def answer(project, use_case):
    """What the endpoint says to the request that the summary prints."""
    endpoint = outcome(project, use_case)["endpoint"]
    request = urllib.request.Request(
        f"{endpoint['url']}/v2/models/{use_case}/infer",
        json.dumps(endpoint["request"]).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_a_first_run_ends_with_plain_lines_a_table_and_an_endpoint_that_answers(project):
    first = project.first

    assert first.code == 0
    assert first.err == ""
    assert list(first.steps()) == STEPS
    assert set(first.steps().values()) == {"done"}
    assert "\x1b" not in first.out
    assert "zenml" not in first.out.lower().replace("zenml login", "").replace(str(project.home).lower(), "")
    assert answer(project, "people")["model_name"] == "people"


def test_zenml_lists_the_endpoint(project):
    listed = project.start(
        "-c",
        "from zenml.cli.cli import cli; cli(['model-deployer', 'models', 'list'])",
        program=(),
        ZENML_CLI_COLUMN_WIDTH="300",
    ).finish()

    assert listed.code == 0, listed.err
    assert "people" in listed.out


def test_mlflow_has_the_headlines_whatever_is_gated(project):
    gate = {"slices.age*sex.missing*m.rows": ">= 1"}
    pairs = {"slices": {"pairs": [["age", "sex"]]}}
    project.write_config("headlines", "data/people.csv", gates=gate, evaluation=pairs)

    finished = project.run("--stack", "local", "--config", "headlines")

    assert finished.code == 0, finished.err
    (database,) = project.home.rglob("mlflow.db")
    tracking = mlflow.MlflowClient(f"sqlite:///{database}")
    experiment = tracking.get_experiment_by_name("headlines").experiment_id
    (run,) = (each for each in tracking.search_runs([experiment]) if "mlflow.parentRunId" not in each.data.tags)
    assert {"test_roc_auc", "test_roc_auc.low", "test_latency_ms.p95"} <= set(run.data.metrics)
    assert run.data.metrics["test_slices.age_sex.missing_m.rows"] >= 1
    assert "evaluation.html" in {each.path for each in tracking.list_artifacts(run.info.run_id)}


def test_nothing_that_is_stored_is_a_pickle(project):
    stored = [path for path in project.home.rglob("*") if path.is_file() and not path.name.endswith((".db", ".log"))]

    assert {"raw.parquet", "model.onnx", "report.html"} <= {path.name for path in stored}
    assert [path for path in stored if path.suffix in (".pkl", ".pickle", ".joblib")] == []
    # Protocol 2 and above begin with 0x80 and the protocol's number; zip is what torch and joblib may write.
    magic = {path: path.read_bytes()[:2] for path in stored}
    assert [path for path, begin in magic.items() if begin[:1] == b"\x80" or begin == b"PK"] == []


def test_nothing_changed_nothing_run_and_a_rerun_is_recorded(project):
    project.write_config("again", "data/people.csv")
    assert project.run("--config", "again").code == 0
    first = outcome(project, "again")["run"]

    unchanged = project.run("--config", "again")
    assert unchanged.code == 0
    assert f"{UNCHANGED} {first}" in " ".join(unchanged.out.split())
    assert unchanged.steps() == {}

    rerun = project.run("--config", "again", "--rerun")
    assert rerun.code == 0
    assert rerun.steps() == {**dict.fromkeys(STEPS, "cached"), "promote": "done", "deploy": "done"}
    assert outcome(project, "again")["run"] != first

    stopped = project.run("stop", "again")
    assert (stopped.code, stopped.err) == (0, "")
    with pytest.raises(OSError):
        answer(project, "again")
    served = project.run("--config", "again")
    assert served.code == 0
    assert answer(project, "again")["model_version"] == "1"
    assert project.run("stop", "nobody").code == 2

    anew = project.run("--config", "again", "--no-cache")
    assert set(anew.steps().values()) == {"done"}
    assert answer(project, "again")["model_version"] == "1"  # the same bytes are the same version


def test_changed_data_is_read_again_and_data_that_was_only_touched_is_not(project):
    uri = project.write_data("changing.csv")
    project.write_config("changing", uri)
    assert project.run("--config", "changing").code == 0

    os.utime(project.root / uri)
    assert UNCHANGED in project.run("--config", "changing").out

    project.write_data("changing.csv", rows=210)
    changed = project.run("--config", "changing")
    assert changed.code == 0
    assert changed.steps()["ingest"] == "done"
    assert outcome(project, "changing")["data"]["rows"] == 210
    assert answer(project, "changing")["model_version"] == "2"


def test_debug_shows_what_zenml_says_and_where_it_went_wrong(project):
    ended = project.run("--config", "people", "--rerun", "--debug")
    assert ended.code == 0
    assert "Step promote has started" in re.sub(r"\x1b\[[\d;]*m|`", "", ended.out + ended.err)

    refused = project.run("--config", "nobody", "--debug")
    assert refused.code == 2
    assert "Traceback" in refused.err


def test_help_imports_nothing_that_takes_time(untouched):
    code = """
import atexit, sys
slow = ("zenml", "torch", "polars", "numpy", "mlflow", "sklearn", "onnx", "onnxruntime", "rich")
atexit.register(lambda: print([name for name in slow if name in sys.modules]))
sys.argv = ["run.py", "--help"]
import runpy
runpy.run_path("run.py", run_name="__main__")
"""
    ended = untouched.start(code, program=("-c",)).finish()

    assert ended.code == 0, ended.err
    assert "--dry-run" in ended.out
    assert ended.out.strip().splitlines()[-1] == "[]"


def test_a_dry_run_tells_the_plan_and_writes_nothing(untouched):
    before = untouched.written()

    ended = untouched.run("--config", "people", "--stack", "local", "--dry-run")

    assert (ended.code, ended.err) == (0, "")
    assert "train_logistic" in ended.out
    assert "200 rows" in ended.out
    assert untouched.written() == before


def test_a_port_in_use_is_told_and_the_next_one_taken(project, taken_port):
    project.write_config("elsewhere", "data/people.csv", deployment={"port": taken_port})

    ended = project.run("--config", "elsewhere")

    assert ended.code == 0, ended.err
    assert f"port {taken_port} was in use" in ended.out
    assert outcome(project, "elsewhere")["endpoint"]["url"] != f"http://127.0.0.1:{taken_port}"
    assert answer(project, "elsewhere")["model_name"] == "elsewhere"


@pytest.fixture
def taken_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
