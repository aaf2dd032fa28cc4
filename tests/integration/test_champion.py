"""A second run against the champion of the first one: better, worse, equal; what is served, recorded and said."""

from __future__ import annotations

import json
import urllib.request

import pytest
import yaml

KNOWN = """
import json
from zenml.client import Client
from mlflow import MlflowClient
client = Client()
mlflow = MlflowClient(client.active_stack.experiment_tracker.get_tracking_uri())
runs = mlflow.search_runs([mlflow.get_experiment_by_name({name!r}).experiment_id])  # the newest first
versions = client.list_model_versions({name!r}, sort_by="asc:number").items
print(json.dumps({{
    "stages": {{version.number: version.stage for version in versions}},
    "metadata": {{version.number: dict(version.run_metadata) for version in versions}},
    "tags": {{each.tags["zenml_version"]: dict(each.tags) for each in mlflow.search_model_versions("name = '{name}'")}},
    "champion": mlflow.get_model_version_by_alias({name!r}, "champion").tags["zenml_version"],
    "metrics": next((dict(run.data.metrics) for run in runs if "comparison_p" in run.data.metrics), None),
    "page": client.get_artifact_version("{name}_verdict").load().html,
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


def flat(ended):
    """What was printed, on one line."""
    return " ".join(ended.out.split())


BLIND = ("--set", "features={numeric: [age], categorical: [], exclude: [sex]}")  # age says nothing about the label


@pytest.fixture
def use_case(project):
    """A use case of its own, with rows enough for a difference to show."""

    def write(name, rows=1000, **champion):
        return project.write_config(name, project.write_data(f"{name}.csv", rows=rows), champion=champion, gates={})

    return write


def test_a_worse_challenger_is_kept_out_and_the_champion_serves_on(project, use_case):
    name = use_case("worse")
    first = project.run("--config", name)
    assert first.code == 0, first.err
    assert "promoted: no gates set; there was no champion before it" in flat(first)
    assert project.run("stop", name).code == 0

    second = project.run("--config", name, *BLIND)

    assert (second.code, second.err) == (0, "")
    assert "champion kept: worse than the champion: roc_auc 0." in flat(second)
    assert "worse version 2, registered; version 1 is the champion" in flat(second)
    known = known_of(project, name)
    assert known["stages"] == {"1": "production", "2": None}
    assert known["champion"] == "1"
    assert served(project, name) == "1"  # brought back by the run that kept it
    _assert_recorded(known, "2", "keep champion", "champion kept")

    failing = project.run("--config", name, *BLIND, "--set", "champion.worse=fail", "--set", "seed=1")
    assert failing.code == 1
    assert len(failing.err.strip().splitlines()) == 1
    assert "worse than the champion: roc_auc 0." in failing.err
    assert "version 1 stays in production, version 3 is registered but not promoted" in failing.err
    assert known_of(project, name)["promotion"]["verdict"] == "refused"
    assert served(project, name) == "1"


def _assert_recorded(known, version, verdict, decision):
    """The same figures in the artifact, in ZenML's registry and in MLflow's."""
    promotion = known["promotion"]
    comparison, beside = promotion["comparison"], known["metadata"][version]
    assert (promotion["verdict"], comparison["verdict"]) == (decision, verdict)
    assert beside["verdict"] == known["tags"][version]["verdict"] == decision
    assert beside["reason"] == known["tags"][version]["reason"] == promotion["reason"]
    assert beside["comparison"]["difference"] == comparison["difference"]
    assert known["metrics"]["comparison_p"] == pytest.approx(comparison["difference"]["p"])
    assert f"Version {version}: {decision}. " in known["page"]


def test_a_better_challenger_with_other_columns_takes_over(project, use_case):
    name = use_case("better")
    assert project.run("--config", name, *BLIND).code == 0

    second = project.run("--config", name)

    assert (second.code, second.err) == (0, "")
    assert "promoted: no gates set; better than version 1: roc_auc 0." in flat(second)
    assert "challenger against champion, on 200 test rows" in second.out
    known = known_of(project, name)
    assert known["stages"] == {"1": "archived", "2": "production"}
    assert known["champion"] == "2"
    assert served(project, name) == "2"
    _assert_recorded(known, "2", "promote", "promoted")


def test_an_equal_challenger_goes_by_the_config_and_rows_that_the_champion_learned_are_left_out(project, use_case):
    name = use_case("equal")
    assert project.run("--config", name).code == 0
    again = project.run("--config", name, "--rerun")
    assert "version 1 is the champion already, and these are its very bytes: nothing to compare" in flat(again)
    project.write_data(f"{name}.csv", rows=1500)  # the same 1000 passengers, and 500 more, dealt anew

    kept = project.run("--config", name, "--set", "seed=1")

    assert (kept.code, kept.err) == (0, "")
    assert "champion kept: too close to call: roc_auc 0." in flat(kept)
    assert "champion.too_close is keep, so version 1 stays in production" in flat(kept)
    known = known_of(project, name)
    comparison = known["promotion"]["comparison"]
    # 600 of the 1500 passengers, and so about 40 % of the 300 test rows, are those that it was trained on.
    assert comparison["rows"] + comparison["left_out"] == 300
    assert 90 <= comparison["left_out"] <= 150
    assert f"{comparison['left_out']} test rows left out that the champion was trained on" in flat(kept)
    assert served(project, name) == "1"

    promoted = project.run("--config", name, "--set", "seed=1", "--set", "champion.too_close=promote")
    assert "champion.too_close is promote, so version 2 takes the place of version 1" in flat(promoted)
    assert served(project, name) == "2"


def test_a_champion_that_reads_a_column_which_is_gone_stays_and_is_served_all_the_same(project, use_case):
    name = use_case("gone")
    assert project.run("--config", name).code == 0
    path = project.root / "configs" / f"{name}.yaml"
    config = yaml.safe_load(path.read_text())
    del config["contract"]["columns"]["sex"]
    path.write_text(yaml.safe_dump(config))
    assert project.run("stop", name).code == 0

    ended = project.run("--config", name)

    assert (ended.code, ended.err) == (0, "")
    assert "the champion cannot be compared: it reads sex, which today's contract does not have" in flat(ended)
    assert served(project, name) == "1"
