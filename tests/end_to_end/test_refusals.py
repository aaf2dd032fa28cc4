"""What stops a run half-way: a broken contract, shifted data, a failed gate. Exit 1, one sentence, nothing promoted."""

from __future__ import annotations

import json

REGISTERED = """
import json
from zenml.client import Client
from mlflow import MlflowClient
client = Client()
mlflow = MlflowClient(client.active_stack.experiment_tracker.get_tracking_uri())
versions = client.list_model_versions({name!r}).items if client.list_models(name={name!r}).items else []
registered = mlflow.search_registered_models("name = '{name}'")
run = client.list_pipeline_runs(pipeline="training", sort_by="desc:created", size=1).items[0]
report = client.get_artifact_version({name!r} + "_validation")
print(json.dumps({{
    "run": str(run.status), "steps": {{step: str(run.steps[step].status) for step in run.steps}},
    "stages": {{version.number: version.stage for version in versions}},
    "aliases": [alias for model in registered for alias in model.aliases],
    "mlflow": len(registered),
    "report": report.load().facts,
    "services": len(client.list_services(service_name="zenml-" + {name!r}).items),
}}))
"""


def known_of(project, name):
    """What ZenML and MLflow know of a use case whose run was the last one."""
    return json.loads(project.ask(REGISTERED.format(name=name)).splitlines()[-1])


def sentence_of(ended):
    assert ended.code == 1, (ended.out, ended.err)
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert "Traceback" not in ended.err
    return ended.err.strip()


def test_a_broken_contract_stops_before_training_and_keeps_the_report(project):
    people = (project.root / "data" / "people.csv").read_text().splitlines()
    for row in (3, 50, 120):  # of the table, the header being row 0
        cells = people[row].split(",")
        people[row] = ",".join([cells[0], "144", *cells[2:]])
    (project.root / "data" / "old.csv").write_text("\n".join(people) + "\n")
    project.write_config("broken", "data/old.csv")

    ended = project.run("--config", "broken")

    sentence = sentence_of(ended)
    assert "data/old.csv" in sentence
    for word in ("age", "max", "100", "144", "3 "):
        assert word in sentence, sentence
    known = known_of(project, "broken")
    assert known["run"] == "failed"
    assert known["steps"] == {"ingest": "completed", "validate": "failed"}
    assert "144" in json.dumps(known["report"])
    assert known["stages"] == {}
    assert not (project.root / ".switchyard" / "broken.json").exists()
    assert "validation report" in ended.out


def test_data_that_has_moved_is_refused_and_the_accepted_version_stays_in_service(project):
    uri = project.write_data("moving.csv", oldest=90)
    project.write_config("moving", uri)
    assert project.run("--config", "moving").code == 0

    project.write_data("moving.csv", oldest=25)
    sentence = sentence_of(project.run("--config", "moving"))

    assert "age" in sentence
    assert "psi" in sentence.lower()
    assert "0.25" in sentence
    known = known_of(project, "moving")
    assert known["steps"] == {"ingest": "completed", "validate": "failed"}
    assert known["stages"] == {"1": "production"}

    # A refused version is no baseline: the next look at it is refused as well, the old one is taken.
    assert sentence_of(project.run("--config", "moving")) == sentence
    project.write_data("moving.csv", oldest=90)
    assert project.run("--config", "moving").code == 0


def test_a_failed_gate_registers_the_model_but_promotes_and_deploys_nothing(project):
    project.write_config("gated", "data/people.csv", gates={"roc_auc": ">= 0.99", "size_mb": "<= 5"})

    ended = project.run("--config", "gated")

    sentence = sentence_of(ended)
    for word in ("roc_auc", "0.99", "registered but not promoted", "nothing is deployed"):
        assert word in sentence, sentence
    assert "size_mb" not in sentence
    assert "failed" in ended.out and "passed" in ended.out  # the table of gates
    known = known_of(project, "gated")
    assert known["run"] == "failed"
    assert list(known["stages"].values()) == [None]
    assert known["mlflow"] == 1
    assert known["aliases"] == ["challenger"]
    assert known["services"] == 0
    assert not (project.home / "local_stores" / "oip" / "gated").exists()


def test_a_gate_that_is_raised_over_the_champion_leaves_it_where_it_is_and_says_so(project):
    project.write_config("raised", "data/people.csv", gates={"size_mb": "<= 5"})
    assert project.run("--config", "raised").code == 0

    ended = project.run("--config", "raised", "--set", "gates.roc_auc=>= 0.999")

    sentence = sentence_of(ended)
    assert "raised version 1, promoted by an earlier run, stays; this run deploys nothing" in sentence
    known = known_of(project, "raised")
    assert known["run"] == "failed"
    assert list(known["stages"].values()) == ["production"]


def test_a_graph_that_does_not_answer_as_the_fitted_model_does_fails_its_step(project, plugin):
    project.write_config("spoilt", "data/people.csv")

    ended = project.run("--config", "spoilt", **plugin("switchyard.training.tables.onnx.export:export", "spoil"))

    sentence = sentence_of(ended)
    assert "logistic" in sentence
    assert "1e-05" in sentence
    assert ended.steps()["train_logistic"] == "failed"
    assert known_of(project, "spoilt")["stages"] == {}
