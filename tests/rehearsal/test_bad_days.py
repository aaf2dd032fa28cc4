"""What a team sees when something around its run goes wrong, and what is left afterwards."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import mlflow
import pytest
import requests

from rehearsal.programs import program
from switchyard.serving.protocol import client

pytestmark = pytest.mark.thorough
RUN = ("--stack", "kubeflow", "--config", "people")


@pytest.fixture(scope="module", autouse=True)
def people(team):
    """A small use case, served by the cluster."""
    finished = team.run(*RUN)
    assert finished.code == 0, finished.out + finished.err
    return finished


@pytest.fixture(autouse=True)
def repaired(stage):
    """What a test has disturbed is well again afterwards."""
    yield stage
    stage.heal()


def other_model(value, *more):
    """A run that trains another model; what comes before is in the cache."""
    return (*RUN, "--set", f"candidates.logistic.params.C={value}", *more)


def asked(team, what="", **query):
    return requests.get(f"{team.stage.variables['KFP_URL']}/apis/v2beta1/runs{what}", query, timeout=10).json()


def newest(team):
    return asked(team, page_size=1, sort_by="created_at desc")["runs"][0]["run_id"]


def states(team):
    """How the tasks of the newest run stand, as the user interface of KFP would show it."""
    details = asked(team, f"/{newest(team)}")["run_details"]["task_details"]
    return {each["display_name"].replace("-", "_"): each["state"] for each in details}


def begins(team, step):
    """A condition: this step runs, of a run that is not there yet."""
    before = newest(team)
    return lambda: newest(team) != before and states(team).get(step) == "RUNNING"


def nested_runs(stage, experiment):
    """What MLflow has of the candidates of an experiment."""
    tracking = mlflow.MlflowClient(stage.rehearsal.variables["MLFLOW_URL"])
    found = tracking.get_experiment_by_name(experiment)
    runs = tracking.search_runs([found.experiment_id]) if found else []
    return [run for run in runs if "mlflow.parentRunId" in run.data.tags]


def test_short_outages_of_everything_are_waited_out(team, repaired):
    """S3 answers 503, KFP is away, and ZenML's server is killed and comes back: the run goes on."""
    ingest = begins(team, "ingest")
    started = team.start(*RUN, "--no-cache")
    started.wait_for(ingest)
    repaired.s3.refuse(5)
    repaired.kfp_is_away()
    repaired.restart_zenml()
    time.sleep(5)
    repaired.heal()

    finished = started.finish()

    assert finished.code == 0, finished.out + finished.err
    assert set(finished.steps().values()) == {"done"}
    assert repaired.s3.faults >= 5


def test_s3_that_stays_away_ends_the_run_and_is_named(new_team, repaired):
    team = new_team()
    team.change_stack("total_max_attempts: 8", "total_max_attempts: 2")
    train = begins(team, "train_logistic")
    started = team.start(*other_model(2.0))
    started.wait_for(train)
    repaired.s3.refuse()

    finished = started.finish()

    assert finished.code == 1
    assert re.search(r"S3|SlowDown|reduce your request rate", finished.err), finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("S3_BUCKET_URI", "s3://gone", "has no bucket gone; create it, or correct S3_BUCKET_URI"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:9", "does not answer .*; correct S3_ENDPOINT_URL, or start it"),
    ],
)
def test_a_bucket_that_is_gone_is_named_before_anything_runs(new_team, variable, value, said):
    finished = new_team().run(*RUN, **{variable: value})

    assert finished.code == 1
    assert re.search(f"^artifact store kubeflow: .*{said}; nothing was run$", finished.err, re.MULTILINE), finished.err
    assert finished.steps() == {}


def test_mlflow_down_at_the_start_stops_before_training(team, repaired):
    repaired.mlflow.refuse()
    finished = team.run(*other_model(3.0))

    assert finished.code == 1
    assert f"MLflow at {repaired.mlflow.url} did not do as it was asked" in finished.err
    assert finished.steps() == {}


def test_mlflow_down_in_the_middle_costs_no_training(team, repaired):
    """What was trained is in the cache of the next run, if the run itself does not come to its end."""
    slow = {"mlp": {"type": "mlp", "search": {"learning_rate": {"low": 0.001, "high": 0.03, "log": True}}}}
    team.project.write_config("slow", "data/people.csv", candidates=slow, search={"trials": 10, "folds": 5})
    train = begins(team, "train_mlp")
    started = team.start("--stack", "kubeflow", "--config", "slow")
    started.wait_for(train)
    started.wait_for(lambda: nested_runs(repaired, "slow"))
    repaired.mlflow.refuse()
    started.wait_for(lambda: states(team).get("train_mlp") != "RUNNING")
    interrupted = states(team)["train_mlp"]
    repaired.heal()
    started.finish()

    assert interrupted == "SUCCEEDED"
    again = team.run("--stack", "kubeflow", "--config", "slow")
    assert again.code == 0, again.err
    assert again.steps()["train_mlp"] == "cached"


def test_kfp_down_at_the_submission_is_said(team, repaired):
    repaired.kfp_is_away()
    finished = team.run(*other_model(5.0))

    assert finished.code == 1
    assert f"Kubeflow Pipelines at {team.stage.variables['KFP_URL']} cannot answer now (503" in finished.err


def test_a_step_over_its_memory_limit_is_killed_and_named(team):
    """No pod says why: that is test_pods.py's."""
    finished = team.run(*RUN, "--no-cache", "--set", "steps.ingest.memory=64Mi")

    assert finished.code == 1
    assert "step ingest ended without telling ZenML how; its pod was killed or deleted" in finished.err


def test_two_teams_at_once_do_not_disturb_each_other(team, new_team):
    other = new_team()
    runs = [team.start(*other_model(6.0)), other.start(*other_model(7.0))]
    ends = [run.finish() for run in runs]

    assert 0 in {end.code for end in ends}, "\n".join(end.err for end in ends)
    for end in ends:
        assert end.code == 0 or "another run rolled out people in the meantime" in end.err, end.err
    assert int(str(team.predict("people")["model_version"])) >= 2


def test_without_the_right_to_patch_run_and_doctor_say_which(team):
    place = ["--kubeconfig", str(team.stage.rehearsal.kubeconfig), "--context", "admin", "-n", "ml"]
    kubectl = [program("kubectl"), *place]
    before = team.predict("people")["model_version"]

    def allow(verbs):
        rule = f'[{{"op": "replace", "path": "/rules/0/verbs", "value": [{verbs}]}}]'
        subprocess.run([*kubectl, "patch", "role", "switchyard-deployer", "--type=json", "-p", rule], check=True)

    allow('"get", "create", "delete"')
    try:
        doctor = team.run("doctor", "--stack", "kubeflow")
        finished = team.run(*other_model(8.0))
    finally:
        allow('"get", "create", "patch", "delete"')

    assert doctor.code == 1
    assert "ServiceAccount pipeline-runner may not patch inferenceservices.serving.kserve.io" in doctor.out
    assert finished.code == 1
    assert "no right to patch inferenceservices.serving.kserve.io in namespace ml" in finished.err
    assert team.predict("people")["model_version"] == before


def test_ctrl_c_ends_the_waiting_and_not_the_run(team):
    train = begins(team, "train_logistic")
    started = team.start(*other_model(9.0))
    started.wait_for(train)
    time.sleep(3)  # the command may still be busy with the submission, which Ctrl-C would take back
    started.signal(signal.SIGINT)
    finished = started.finish()

    assert finished.code == 130
    assert "zenml pipeline runs stop" in finished.err, finished.err
    end = time.monotonic() + 180
    while states(team).get("deploy") != "SUCCEEDED":
        assert time.monotonic() < end, states(team)
        time.sleep(1)


def test_a_rollback_is_a_run_on_the_cluster_and_the_history_knows_it(team):
    newer = team.run(*other_model(10.0))
    assert newer.code == 0, newer.err
    endpoint = team.endpoint("people")
    before = int(str(endpoint["version"]))

    finished = team.run("rollback", "--config", "people", "--reason", "the newer one was a trial")

    assert finished.code == 0, finished.out + finished.err
    answer = client.infer(str(endpoint["url"]), "people", None, endpoint["request"])
    assert int(answer["model_version"]) < before
    last = json.loads(team.run("history", "--config", "people", "--json").out)["changes"][-1]
    assert last["action"] == "rollback" and last["reason"] == "the newer one was a trial"
    assert (last["version"], last["replaced"]) == (int(answer["model_version"]), before)
