"""Runs at the same time: each completes, and registry, repository and endpoint agree afterwards."""

from __future__ import annotations

import json
import urllib.request

STATE = """
import json
from pathlib import Path
from zenml.client import Client
from mlflow import MlflowClient
client = Client()
mlflow = MlflowClient(client.active_stack.experiment_tracker.get_tracking_uri())
runs = client.list_pipeline_runs(pipeline="training", sort_by="desc:created", size=50).items
versions = client.list_model_versions({name!r}).items
champion = mlflow.get_model_version_by_alias({name!r}, "champion")
services = client.list_services(service_name="zenml-" + {name!r}, hydrate=True).items
print(json.dumps({{
    "runs": [str(run.status) for run in runs if run.name.startswith({name!r} + "-2")],
    "numbers": sorted(version.number for version in versions),
    "production": [version.number for version in versions if version.stage == "production"],
    "champion": int(champion.tags["zenml_version"]),
    "services": [service.prediction_url for service in services],
}}))
"""


def state(project, name):
    return json.loads(project.ask(STATE.format(name=name)).splitlines()[-1])


def endpoint_of(project, name):
    return json.loads((project.root / ".switchyard" / f"{name}.json").read_text())["outcome"]["endpoint"]


def answering_version(project, name):
    endpoint = endpoint_of(project, name)
    url, body = f"{endpoint['url']}/v2/models/{name}/infer", json.dumps(endpoint["request"]).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return int(json.load(response)["model_version"])


def test_two_first_runs_of_a_use_case_and_one_of_another_at_the_same_time(project):
    names = [project.write_config(name, "data/people.csv") for name in ("twins", "other")]

    started = [project.start("--stack", "local", "--config", name) for name in ("twins", "twins", "other")]
    ended = [each.finish() for each in started]

    assert [each.code for each in ended] == [0, 0, 0], [each.err for each in ended]
    assert [each.err for each in ended] == ["", "", ""]
    for name, runs in zip(names, (2, 1), strict=True):
        found = state(project, name)
        assert found["runs"] == ["completed"] * runs
        assert found["numbers"] == [1]  # the same data and code give the same bytes: one version
        assert found["production"] == [1]
        assert found["champion"] == 1
        assert found["services"] == [f"{endpoint_of(project, name)['url']}/v2/models/{name}/infer"]
        assert answering_version(project, name) == 1


def test_two_first_commands_in_an_empty_zenml_folder_at_the_same_time(new_project):
    project = new_project()
    names = [project.write_config(name, "data/people.csv") for name in ("left", "right")]

    started = [project.start("--stack", "local", "--config", name) for name in names]
    ended = [each.finish() for each in started]

    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    assert [answering_version(project, name) for name in names] == [1, 1]
