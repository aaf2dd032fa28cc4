"""Whole runs whose data and artifacts lie elsewhere: no step depends on the local store, or on a tracker.

Three runs, in this order: data and artifacts in a bucket; the same with another candidate; the first one's data
from a web server, on a stack without an experiment tracker.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import threading
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import boto3
import mlflow
import polars as pl
import pytest

from switchyard.model.onnx_model import OnnxModel
from tests.end_to_end.conftest import Finished, Project
from tests.fixtures.s3_stack import write_stacks

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.thorough]

_ZENML = """
import json
from zenml.client import Client
versions = Client().list_model_versions(model_name_or_id="people", sort_by="asc:number").items
runs = Client().list_pipeline_runs(sort_by="asc:created").items
print(json.dumps({
    "versions": [
        {"number": each.number, "stage": each.stage, "tags": sorted(tag.name for tag in each.tags),
         "artifacts": sorted(link.artifact_version.artifact.name for link in
             Client().list_model_version_artifact_links(model_version_id=each.id, hydrate=True).items)}
        for each in versions
    ],
    "runs": [{"name": each.name, "status": str(each.status), "stack": each.stack.name} for each in runs],
}))
"""


@dataclass
class Runs:
    """What the three runs left behind."""

    project: Project
    first: Finished
    other: Finished
    bare: Finished
    objects: dict[str, bytes]
    zenml: dict[str, Any]
    remembered: dict[str, Any]

    @property
    def tracking(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(f"sqlite:///{self.project.home}/mlflow.db")


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """A web server, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("web")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()


@pytest.fixture(scope="module")
def runs(new_project, s3, web) -> Runs:
    project, (address, folder) = new_project(), web
    table = (project.root / "data" / "people.csv").read_bytes()
    (folder / "people.csv").write_bytes(table)
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1", **keys)
    for bucket in ("artifacts", "data"):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket="data", Key="people.csv", Body=table)
    write_stacks(project, s3, "s3://artifacts/runs")
    project.write_config("people", "s3://data/people.csv")
    # For the data only: the artifact store has keys of its own.
    project.environment |= {"AWS_ENDPOINT_URL": s3, "AWS_ACCESS_KEY_ID": "data", "AWS_SECRET_ACCESS_KEY": "data"}

    first = project.run("--stack", "bucket", "--config", "people")
    assert first.code == 0, (first.out, first.err)
    remembered = json.loads((project.root / ".switchyard" / "people.json").read_text())["outcome"]
    other = project.run("--config", "people", "--set", "candidates.logistic.params.C=0.001")
    bare = project.run("--stack", "bare", "--config", "people", "--set", f"data.uri={address}/people.csv")
    listed = client.list_objects_v2(Bucket="artifacts")["Contents"]
    objects = {each["Key"]: client.get_object(Bucket="artifacts", Key=each["Key"])["Body"].read() for each in listed}
    return Runs(project, first, other, bare, objects, json.loads(project.ask(_ZENML)), remembered)


def shell(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def command(finished: Finished, label: str) -> str:
    """The command that the summary prints below this label."""
    return re.search(rf"^{label}\n  (.*)$", finished.out, re.MULTILINE)[1]


def test_all_three_complete(runs):
    assert [(each.code, each.err) for each in (runs.first, runs.other, runs.bare)] == [(0, "")] * 3
    assert [run["stack"] for run in runs.zenml["runs"]] == ["bucket", "bucket", "bare"]
    assert {run["status"] for run in runs.zenml["runs"]} == {"completed"}
    assert set(runs.first.steps().values()) == {"done"}


def test_the_artifacts_are_in_the_bucket_and_none_is_a_pickle(runs):
    artifacts = {name: content for name, content in runs.objects.items() if "/logs/" not in name}
    ends = {Path(name).suffix for name in artifacts}

    assert len(artifacts) > 10
    assert ends == {".parquet", ".onnx", ".json", ".html", ".md"}
    assert [name for name, content in artifacts.items() if content.startswith(b"\x80")] == []


def test_a_changed_candidate_leaves_the_steps_before_it_to_the_cache(runs):
    steps = runs.other.steps()

    assert {name for name, outcome in steps.items() if outcome == "cached"} == {"ingest", "validate", "preprocess"}
    assert steps["train_logistic"] == "done"


@pytest.mark.needs("curl")
def test_the_predict_command_works_in_a_shell(runs):
    answer = json.loads(shell(command(runs.bare, "predict")))

    assert answer["model_name"] == "people"
    assert {each["name"] for each in answer["outputs"]} == {"label", "probabilities"}


def test_the_reports_of_a_bucket_open_as_files(runs):
    for what, word in (("evaluation", "roc_auc"), ("validation", "age")):
        opened = command(runs.first, f"open {what} report").split()[-1]
        assert opened.startswith("file:///")
        assert word in Path(url2pathname(urlsplit(opened).path)).read_text()


def test_the_outcome_says_where_the_artifacts_are(runs):
    assert runs.remembered["artifacts"]
    assert {uri.split("/")[2] for uri in runs.remembered["artifacts"]} == {"artifacts"}


def test_the_same_bytes_are_the_same_version_and_others_the_next(runs):
    versions = runs.zenml["versions"]

    assert [each["number"] for each in versions] == [1, 2]  # the third run trained the first one's model again
    assert "people version 1" in runs.first.out
    assert "people version 2" in runs.other.out
    assert "people version 1" in runs.bare.out
    hashes = [[tag for tag in each["tags"] if tag.startswith("sha256-")] for each in versions]
    assert [len(each) for each in hashes] == [1, 1]
    assert hashes[0] != hashes[1]
    assert all("logistic" in each["tags"] for each in versions)


def test_the_stage_production_moves_to_what_was_promoted_last(runs):
    assert [each["stage"] for each in runs.zenml["versions"]] == ["production", "archived"]


def test_a_version_is_linked_to_what_it_came_from(runs):
    for version in runs.zenml["versions"]:
        assert {"people_evaluation", "people_logistic"} <= set(version["artifacts"])


def test_mlflow_has_a_run_for_each_pipeline_run_with_a_nested_one_for_the_candidate(runs):
    client = runs.tracking
    experiment = client.get_experiment_by_name("people")
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    nested = [run for run in found if "mlflow.parentRunId" in run.data.tags]

    tracked = [run["name"] for run in runs.zenml["runs"] if run["stack"] == "bucket"]  # none of the stack without
    assert [run.info.run_name for run in parents] == tracked
    assert [run.data.tags["mlflow.parentRunId"] for run in nested] == [run.info.run_id for run in parents]
    assert {run.info.status for run in found} == {"FINISHED"}
    assert [run.data.params["C"] for run in nested] == ["1.0", "0.001"]
    assert nested[0].data.params["candidate"] == "logistic"
    assert 0.5 < nested[0].data.metrics["cv_roc_auc"] <= 1
    assert nested[0].data.metrics["parity_max_difference"] <= 1e-5
    assert "search_score" in nested[0].data.metrics
    assert parents[0].data.params["best"] == "logistic"
    assert 0.5 < parents[0].data.metrics["test_roc_auc"] <= 1


def test_mlflow_keeps_the_search_the_environment_the_model_and_the_report(runs):
    client = runs.tracking
    experiment = client.get_experiment_by_name("people").experiment_id
    nested = client.search_runs([experiment], "params.candidate = 'logistic'")[0]
    folder = runs.project.root / "mlruns"

    artifacts = next(folder.rglob(nested.info.run_id)) / "artifacts"
    names = {str(path.relative_to(artifacts)) for path in artifacts.rglob("*") if path.is_file()}

    assert {"search.json", "environment.json", "model/MLmodel", "model/model.onnx", "model/metadata.json"} <= names
    versions = json.loads((artifacts / "environment.json").read_text())
    assert {"python", "onnx", "scikit-learn"} <= set(versions)
    assert list(folder.rglob("evaluation.html"))
    assert not list(folder.rglob("*.pkl"))


def test_the_champion_in_mlflow_is_what_was_promoted_on_a_stack_with_a_tracker(runs):
    champion = runs.tracking.get_model_version_by_alias("people", "champion")

    assert champion.tags["zenml_version"] == "2"  # the stack of the third run has no tracker to tell
    assert champion.tags["candidate"] == "logistic"
    assert len(champion.tags["sha256"]) == 64
    versions = runs.tracking.search_model_versions("name = 'people'")
    assert sorted(each.tags["zenml_version"] for each in versions) == ["1", "2"]


def test_the_champion_loaded_by_mlflow_answers_as_the_onnx_file(runs, monkeypatch):
    monkeypatch.chdir(runs.project.root)
    mlflow.set_tracking_uri(f"sqlite:///{runs.project.home}/mlflow.db")
    table = pl.DataFrame({"age": [20.0, None, 61.5], "sex": ["f", "m", "f"]})

    champion = mlflow.pyfunc.load_model("models:/people@champion")
    answered = champion.predict(table.to_pandas())

    source = runs.tracking.get_model_version_by_alias("people", "champion").source
    path = runs.project.root / source.removeprefix("file://") / "model.onnx"
    expected = OnnxModel.load(path).run(table)
    assert answered["label"].tolist() == expected["label"].tolist()
    assert answered["probabilities"].tolist() == expected["probabilities"].tolist()
