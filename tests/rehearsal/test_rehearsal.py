"""From an empty checkout to a prediction from the cluster, as a team does it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import mlflow
import polars as pl
import pytest
import requests
import yaml
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config

from rehearsal import storage
from switchyard.serving.protocol import client
from tests.rehearsal.conftest import own_runtime
from tests.rehearsal.kfp.pipelines import client_of
from tests.stacks.deployers.kserve.deploying import SERVICES

STEPS = {"ingest", "validate", "preprocess", "evaluate", "promote", "deploy"}
ZENML = str(Path(sys.executable).with_name("zenml"))
QUICK = ("--set", "search.trials=2", "--set", "metrics.bootstrap=100")


@pytest.fixture(scope="module")
def titanic(team):
    """The first run."""
    return team.run("--stack", "kubeflow", "--config", "titanic", *QUICK)


def test_the_doctor_is_green(team):
    told = team.run("doctor", "--stack", "kubeflow")
    assert told.code == 0, told.out
    assert "nothing failed" in told.out


def test_titanic_ends_with_a_prediction_from_the_cluster(team, titanic):
    assert titanic.code == 0, titanic.out + titanic.err
    candidates = {"train_logistic", "train_forest", "train_boosting", "train_mlp"}
    assert titanic.steps() == dict.fromkeys(STEPS | candidates, "done")
    assert "promoted: all 10 gates passed" in titanic.out
    answer = team.predict("titanic")
    assert answer["model_version"] == "1"
    assert set(answer["outputs"][0]["data"]) <= {"survived", "died"}


def test_each_server_knows_the_run_by_the_name_of_the_use_case(team, titanic):
    assert titanic.code == 0, titanic.err
    variables = team.stage.variables
    kfp = client_of(variables["KFP_URL"])
    (pipeline,) = (each for each in kfp.list_pipelines().pipelines if each.display_name == "titanic")
    assert kfp.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions
    experiment = kfp.get_experiment(experiment_name="titanic").experiment_id
    assert all(
        run.experiment_id == experiment for run in kfp.list_runs(page_size=50).runs if "titanic-" in run.display_name
    )

    spec = _service(team)["spec"]["predictor"]
    assert spec["model"]["storageUri"].startswith(f"{variables['S3_BUCKET_URI']}/serving/titanic/1-")
    assert spec["serviceAccountName"] == "switchyard-models"

    tracking = mlflow.MlflowClient(variables["MLFLOW_URL"])
    (experiment,) = (each for each in tracking.search_experiments() if each.name == "titanic")
    runs = tracking.search_runs([experiment.experiment_id])
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(nested) == 4 and "test_roc_auc" in parent.data.metrics
    assert tracking.get_model_version_by_alias("titanic", "champion").tags["zenml_version"] == "1"

    asked = "from zenml.client import Client; print(Client().get_model_version('titanic', 'production').number)"
    assert team.project.ask(asked) == "1"


def test_the_bucket_has_no_pickle(team, titanic):
    found = _objects(team.stage)
    assert any(key.endswith(".parquet") for key in found) and any(key.endswith("model.onnx") for key in found)
    assert [key for key in found if re.search(r"\.(pkl|pickle|joblib|cloudpickle)$", key)] == []


def test_the_same_again_trains_nothing_and_leaves_the_version_that_serves(team, titanic):
    before = _service(team)
    again = team.run("--stack", "kubeflow", "--config", "titanic", *QUICK)
    assert again.code == 0, again.err
    done = {step for step, outcome in again.steps().items() if outcome == "done"}
    assert done == {"promote", "deploy"}
    assert re.search(r"^model +titanic version 1 *$", again.out, re.MULTILINE)
    assert _service(team)["metadata"]["generation"] == before["metadata"]["generation"]


def test_zenmls_own_command_chooses_the_stack_and_a_gate_stops(team, titanic):
    chosen = team.project.start("stack", "set", "kubeflow", program=(ZENML,)).finish()
    assert chosen.code == 0, chosen.err

    stopped = team.run("--config", "titanic", *QUICK, "--set", "gates.roc_auc=>= 0.999")

    assert stopped.code == 1
    assert re.search(r"^gate roc_auc failed: measured 0\.8\d+, asked >= 0\.999", stopped.err, re.MULTILINE)
    assert stopped.steps()["promote"] == "failed"
    assert team.predict("titanic")["model_version"] == "1"


@pytest.mark.thorough
def test_diamonds_too(team):
    finished = team.run("--stack", "kubeflow", "--config", "diamonds", *QUICK, "--set", "search.folds=2")
    assert finished.code == 0, finished.out + finished.err
    assert len(team.predict("diamonds")["outputs"][0]["data"]) > 1


def test_a_file_for_an_import_has_no_key(team, tmp_path):
    written = team.run("--stack", "kubeflow", "--config", "people", "--compile", str(tmp_path / "people.yaml"))
    assert written.code == 0, written.err
    text = (tmp_path / "people.yaml").read_text()
    assert "pipelineInfo:" in text
    assert all(secret not in text for secret in _secrets(team.stage))


def test_the_gpus_that_a_config_asks_for_are_in_the_spec_of_their_step(team, tmp_path):
    asked = ("--set", "steps.train_cnn.gpu=2", "--set", "steps.train_cnn.memory=8Gi")
    written = team.run("--stack", "kubeflow", "--config", "digits", *asked, "--compile", str(tmp_path / "digits.yaml"))
    assert written.code == 0, written.err
    spec = next(yaml.safe_load_all((tmp_path / "digits.yaml").read_text()))
    executors = spec["deploymentSpec"]["executors"]
    resources = {name: each["container"].get("resources", {}) for name, each in executors.items()}
    gpu = {"resourceType": "nvidia.com/gpu", "resourceCount": "2", "type": "nvidia.com/gpu", "count": "2"}
    assert {name: each["accelerator"] for name, each in resources.items() if "accelerator" in each} == {
        "exec-train-cnn": gpu
    }


def test_no_key_is_in_what_anybody_may_read(team, titanic):
    """Specs and logs of KFP, logs of all servers, what the commands print, every object in the bucket."""
    hidden = [secret.encode() for secret in _secrets(team.stage)]
    folder = team.stage.rehearsal.folder
    files = [path for place in ("kfp", "mlflow", "kserve", "moto") for path in (folder / place).rglob("*")]
    files += [*(folder / "zenml").rglob("*.log"), *(team.project.root / ".switchyard").rglob("*")]
    read = {str(path): path.read_bytes() for path in files if path.is_file()}
    assert any(name.endswith("kfp.sqlite") for name in read) and any("titanic" in name for name in read)
    read |= {key: _object(team.stage, key) for key in _objects(team.stage)}
    read["the command"] = (titanic.out + titanic.err).encode()
    assert [name for name, content in read.items() if any(secret in content for secret in hidden)] == []


def _service(team):
    api = kubernetes_config.new_client_from_config(str(team.stage.rehearsal.kubeconfig), context="admin")
    return kubernetes_client.CustomObjectsApi(api).get_namespaced_custom_object(*SERVICES, "titanic")


def _secrets(stage):
    return stage.key, stage.variables["ZENML_STORE_API_KEY"]


def _objects(stage):
    pages = storage.client(stage.variables).get_paginator("list_objects_v2").paginate(Bucket="rehearsal")
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def _object(stage, key):
    return storage.client(stage.variables).get_object(Bucket="rehearsal", Key=key)["Body"].read()


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "candidate"), [("digits", "cnn"), ("digits-arcface", "arcface")])
def test_digits_are_read_from_a_bucket_and_each_version_is_answered_by_the_cluster(team, name, candidate):
    """The pods have no key of their own: they read the source as they read artifacts."""
    bucket = storage.client(team.stage.variables)
    bucket.upload_file(str(team.project.root / "data" / "digits.parquet"), "rehearsal", "sources/digits.parquet")
    short = ("--set", "data.uri=s3://rehearsal/sources/digits.parquet", *QUICK[2:])
    short += ("--set", 'gates={accuracy: ">= 0.5"}', "--set", "champion.too_close=promote")
    params = f"candidates.{candidate}.params"

    for version, epochs in (("1", 1), ("2", 2)):
        before = set(_objects(team.stage))
        finished = team.run("--stack", "kubeflow", "--config", name, *short, "--set", f"{params}.epochs={epochs}")

        assert finished.code == 0, finished.out + finished.err
        written = set(_objects(team.stage)) - before
        assert any(f"/serving/{name}/" in f"/{key}" and key.endswith("model.onnx") for key in written)
        assert version == "2" or any(key.endswith("train.parquet") for key in written)
        endpoint = team.endpoint(name)
        answer = client.infer_binary(str(endpoint["url"]), name, None, endpoint["request"])
        assert answer["model_version"] == version
        labels = next(each["data"] for each in answer["outputs"] if each["name"] == "label")
        assert len(labels) > 1 and set(labels) <= {*"0123456789", "unknown"}


@pytest.mark.thorough
def test_a_training_without_the_gpu_that_it_has_asked_for_ends_before_it_begins(team):
    """The images of the rehearsal have PyTorch for CPUs, and so has this machine."""
    finished = team.run("--stack", "kubeflow", "--config", "digits", "--set", "steps.train_cnn.gpu=1")

    assert finished.code == 1
    assert "the step has asked for 1 GPU, and PyTorch" in finished.err


@pytest.mark.thorough
def test_the_projects_own_server_answers_a_picture_from_the_cluster(team):
    """The same version as before, rolled out on another runtime; its gallery is indexed anew beside the graph there."""
    picture = pl.read_parquet(team.project.root / "data" / "digits.parquet")["image"][0]
    chosen = {"KSERVE_RUNTIME": "switchyard"}
    short = ("--set", 'gates={accuracy: ">= 0.5"}', "--set", "champion.too_close=promote", *QUICK[2:])
    beside = ("--set", "candidates.arcface.params={epochs: 1, largest_exact: 1000}")

    with own_runtime(team):
        finished = team.run("--stack", "kubeflow", "--config", "digits-arcface", *short, *beside, **chosen)
        assert finished.code == 0, finished.out + finished.err
        url = f"{team.endpoint('digits-arcface')['url']}/v2/models/digits-arcface/predict-image"
        answer = requests.post(url, picture, headers={"Content-Type": "image/png"}, timeout=30).json()

    assert len(answer["neighbours"]) == 5
    assert {each["label"] for each in answer["neighbours"]} <= {*"012345678"}
