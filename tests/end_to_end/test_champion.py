"""A second run against the champion of the first one: better, worse, equal; what is served, recorded and said."""

from __future__ import annotations

import json
import signal
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
    "linked": sorted(link.artifact_version.name for link in client.list_model_version_artifact_links(
        model_version_id=versions[0].id, hydrate=True).items),
    "stages": {{version.number: version.stage for version in versions}},
    "metadata": {{version.number: dict(version.run_metadata) for version in versions}},
    "tags": {{each.tags["zenml_version"]: dict(each.tags) for each in mlflow.search_model_versions("name = '{name}'")}},
    "champion": mlflow.get_model_version_by_alias({name!r}, "champion").tags["zenml_version"],
    "metrics": next((dict(run.data.metrics) for run in runs if "comparison_p" in run.data.metrics), None),
    "page": client.get_artifact_version("{name}_verdict").load().html,
    "promotion": client.get_artifact_version("{name}_promotion").load().to_json(),
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


@pytest.fixture(scope="module")
def champion(project):
    """A use case whose first run has been promoted, with rows enough for a difference to show."""
    name = project.write_config("champion", project.write_data("champion.csv", rows=1000), champion={}, gates={})
    first = project.run("--config", name)
    assert first.code == 0, first.err
    assert "promoted: no gates set; there was no champion before it" in flat(first)
    return name


def test_a_worse_challenger_is_kept_out_and_the_champion_comes_back_if_it_was_stopped(project, champion):
    assert project.run("stop", champion).code == 0

    ended = project.run("--config", champion, *BLIND)

    assert (ended.code, ended.err) == (0, "")
    assert "champion kept: worse than the champion: roc_auc 0." in flat(ended)
    known = known_of(project, champion)
    version = str(known["promotion"]["version"])
    assert f"champion version {version}, registered; version 1 is the champion" in flat(ended)
    assert (known["stages"]["1"], known["stages"][version], known["champion"]) == ("production", None, "1")
    assert served(project, champion) == "1"
    _assert_recorded(known, version, "keep champion", "champion kept")


def test_a_worse_challenger_fails_the_run_if_the_config_says_so(project, champion):
    ended = project.run("--config", champion, *BLIND, "--set", "champion.worse=fail")

    assert ended.code == 1
    assert len(ended.err.strip().splitlines()) == 1
    assert "worse than the champion: roc_auc 0." in ended.err
    assert "version 1 stays in production" in ended.err
    known = known_of(project, champion)
    assert (known["promotion"]["verdict"], known["champion"]) == ("refused", "1")
    assert served(project, champion) == "1"


def test_the_same_bytes_have_nothing_to_be_compared_with(project, champion):
    ended = project.run("--config", champion, "--rerun")

    assert (ended.code, ended.err) == (0, "")
    assert "version 1 is the champion already, and these are its very bytes: nothing to compare" in flat(ended)
    known = known_of(project, champion)
    assert known["metadata"]["1"]["verdict"] == known["tags"]["1"]["verdict"] == "promoted"  # what made it the champion
    assert served(project, champion) == "1"


def test_an_equal_challenger_is_too_close_and_rows_that_the_champion_learned_are_left_out(project, champion):
    # Another seed deals the rows anew, so that 60 % of the 200 test rows are among those that it was trained on.
    ended = project.run("--config", champion, "--set", "seed=1")

    assert (ended.code, ended.err) == (0, "")
    assert "champion kept: too close to call: roc_auc 0." in flat(ended)
    assert "champion.too_close is keep, so version 1 stays in production" in flat(ended)
    known = known_of(project, champion)
    comparison = known["promotion"]["comparison"]
    assert comparison["rows"] + comparison["left_out"] == 200
    assert 95 <= comparison["left_out"] <= 145
    assert f"{comparison['left_out']} test rows left out that the champion was trained on" in flat(ended)
    assert served(project, champion) == "1"


def test_a_champion_that_reads_a_column_which_is_gone_stays_and_is_served_all_the_same(project, champion):
    config = yaml.safe_load((project.root / "configs" / f"{champion}.yaml").read_text())
    del config["contract"]["columns"]["sex"]
    (project.root / "configs" / "gone.yaml").write_text(yaml.safe_dump(config))
    assert project.run("stop", champion).code == 0

    ended = project.run("--config", "gone")

    assert (ended.code, ended.err) == (0, "")
    assert "the champion cannot be compared: it reads sex, which today's contract does not have" in flat(ended)
    assert served(project, champion) == "1"


def test_a_better_challenger_with_other_columns_takes_over(project):
    name = project.write_config("better", project.write_data("better.csv", rows=1000), champion={}, gates={})
    assert project.run("--config", name, *BLIND).code == 0

    ended = project.run("--config", name)

    assert (ended.code, ended.err) == (0, "")
    assert "promoted: no gates set; better than version 1: roc_auc 0." in flat(ended)
    assert "challenger against champion, on 200 test rows" in ended.out
    known = known_of(project, name)
    assert known["stages"] == {"1": "archived", "2": "production"}
    assert known["champion"] == "2"
    assert served(project, name) == "2"
    _assert_recorded(known, "2", "promote", "promoted")


def test_a_run_that_died_while_it_registered_is_made_good_by_the_next(project, plugin):
    name = project.write_config("half", "data/people.csv", gates={})
    died = project.run("--config", name, **plugin("steps.registry.versions:_remember_rows", "kill"))
    assert died.code == -signal.SIGKILL

    assert project.run("--config", name).code == 0

    known = known_of(project, name)
    whole = ("card", "evaluation", "logistic", "raw", "recipe", "seen_rows", "splits", "verdict")
    assert known["linked"] == [f"half_{each}" for each in whole]
    assert known["stages"] == {"1": "production"}


def _assert_recorded(known, version, verdict, decision):
    """The same figures in the artifact, in ZenML's registry, in MLflow's and on the page."""
    promotion = known["promotion"]
    comparison, beside = promotion["comparison"], known["metadata"][version]
    assert (promotion["verdict"], comparison["verdict"]) == (decision, verdict)
    assert beside["verdict"] == known["tags"][version]["verdict"] == decision
    assert beside["reason"] == known["tags"][version]["reason"] == promotion["reason"]
    assert beside["comparison"]["difference"] == comparison["difference"]
    assert known["metrics"]["comparison_p"] == pytest.approx(comparison["difference"]["p"])
    assert f"Version {version}: {decision}. " in known["page"]
