"""A second run against the champion of the first one: better, worse, equal; what is served, recorded and said."""

from __future__ import annotations

import json
import urllib.request

import pytest

KNOWN = """
import json
from zenml.client import Client
from mlflow import MlflowClient
client = Client()
mlflow = MlflowClient(client.active_stack.experiment_tracker.get_tracking_uri())
versions = client.list_model_versions({name!r}, sort_by="asc:number").items
print(json.dumps({{
    "stages": {{version.number: version.stage for version in versions}},
    "metadata": {{version.number: dict(version.run_metadata) for version in versions}},
    "tags": {{each.tags["zenml_version"]: dict(each.tags) for each in mlflow.search_model_versions("name = '{name}'")}},
    "champion": mlflow.get_model_version_by_alias({name!r}, "champion").tags["zenml_version"],
    "promotion": client.get_artifact_version("{name}_promotion").load(),
}}))
"""


def known_of(project, name):
    return json.loads(project.ask(KNOWN.format(name=name)).splitlines()[-1])


def served(project, name):
    """The version that answers."""
    endpoint = json.loads((project.root / ".switchyard" / f"{name}.json").read_text())["outcome"]["endpoint"]
    request = urllib.request.Request(
        f"{endpoint['url']}/v2/models/{name}/infer",
        json.dumps(endpoint["request"]).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["model_version"]


BLIND = ["--set", "features={numeric: [age], categorical: [], exclude: [sex]}"]


@pytest.fixture
def use_case(project):
    """A use case of one's own, with test rows enough for a difference to show."""

    def write(name, **changes):
        uri = project.write_data(f"{name}.csv", rows=1000)
        return project.write_config(name, uri, champion={}, gates={}, **changes)

    return write


def test_a_worse_challenger_is_kept_out_and_the_champion_serves_on(project, use_case):
    name = use_case("worse")
    first = project.run("--config", name)
    assert first.code == 0, first.err
    assert "there was no champion before it" in first.out

    second = project.run("--config", name, *BLIND)

    assert (second.code, second.err) == (0, "")
    assert "champion kept: worse than the champion: roc_auc" in " ".join(second.out.split())
    assert "worse version 2, registered; version 1 is the champion" in second.out
    known = known_of(project, name)
    assert known["stages"] == {"1": "production", "2": None}
    assert known["champion"] == "1"
    assert served(project, name) == "1"
