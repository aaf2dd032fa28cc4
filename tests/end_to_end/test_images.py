"""Images through the whole pipeline, on the local stack: 400 of the demo's digits and two epochs."""

from __future__ import annotations

import json
import re
import shutil
import signal
import urllib.request

import pytest
import yaml

from switchyard.model.decoding import decode
from tests.end_to_end.conftest import SOURCE
from tests.end_to_end.few_digits import DIGITS, config, write_few


@pytest.fixture(scope="module")
def images(new_project):
    """A project with few digits and their classification, the stack `local` not yet applied."""
    project = new_project()
    few = write_few(project.root / "data" / "few.parquet")
    project.few = few
    (project.root / "configs" / "few.yaml").write_text(
        yaml.safe_dump(config("few", "image_classification", "cnn"), sort_keys=False)
    )
    shutil.copytree(SOURCE / "tests" / "end_to_end" / "plugin", project.root / "plugin")
    return project


@pytest.fixture(scope="module")
def killed(images, tmp_path_factory):
    """A run that was killed after its first epoch, and the one that came after it."""
    harm = {"HARM_AT": "steps.support.epochs:in_words", "HARM_HOW": "kill", "HARM_WHEN": "before"}
    harm |= {"HARM_MARK": str(tmp_path_factory.mktemp("mark") / "mark"), "PYTHONPATH": str(images.root / "plugin")}
    first = images.run("--stack", "local", "--config", "few", **harm)
    checkpoints = list((images.root / ".switchyard" / "checkpoints" / "few").glob("cnn-*/checkpoint.zip"))
    return first, checkpoints, images.run("--config", "few")


def endpoint(project, use_case):
    state = json.loads((project.root / ".switchyard" / f"{use_case}.json").read_text())
    return f"{state['outcome']['endpoint']['url']}/v2/models/{use_case}"


def posted(url, body, kind):
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def test_a_training_that_was_killed_goes_on_from_its_last_epoch(images, killed):
    first, checkpoints, second = killed

    assert first.code == -signal.SIGKILL
    assert len(checkpoints) == 1
    assert second.code == 0, second.err
    assert second.steps()["preprocess"] == "cached"
    assert re.findall(r"train_cnn epoch (\d+): loss", second.out) == ["2"]
    assert not checkpoints[0].exists()


def test_mlflow_has_the_whole_curve_of_a_training_that_was_killed(images, killed):
    code = (
        "from mlflow import MlflowClient; from zenml.client import Client; import json\n"
        "client = MlflowClient(Client().active_stack.experiment_tracker.get_tracking_uri())\n"
        "runs = client.search_runs([each.experiment_id for each in client.search_experiments()], max_results=100)\n"
        "runs = [run for run in runs if run.info.status == 'FINISHED' and 'validation_loss' in run.data.metrics]\n"
        "names = ('loss', 'accuracy', 'validation_loss', 'learning_rate')\n"
        "steps = lambda run, name: sorted(each.step for each in client.get_metric_history(run.info.run_id, name))\n"
        "print(json.dumps([[steps(run, name) for name in names] for run in runs]))"
    )

    assert json.loads(images.ask(code)) == [[[1, 2]] * 4]


def test_the_endpoint_answers_pixels_and_files_alike(images, killed):
    encoded = images.few["image"].to_list()[::100]
    pixels = [decode(each, 1, (14, 14)) for each in encoded]
    tensor = {"name": "image", "datatype": "UINT8", "shape": [4, 14, 14, 1]}
    body = {"inputs": [{**tensor, "data": [value for each in pixels for value in each.ravel().tolist()]}]}

    answer = posted(f"{endpoint(images, 'few')}/infer", json.dumps(body).encode(), "application/json")
    answers = {each["name"]: each for each in answer["outputs"]}
    files = [posted(f"{endpoint(images, 'few')}/predict-image", each, "image/png") for each in encoded]

    assert answers["label"]["shape"] == [4]
    assert set(answers["label"]["data"]) <= set(DIGITS)
    assert answers["probabilities"]["shape"] == [4, 10]
    assert [each["label"] for each in files] == answers["label"]["data"]


def test_an_unchanged_run_does_nothing(images, killed):
    again = images.run("--config", "few")

    assert again.code == 0
    assert "Nothing has changed" in again.out


def test_a_gate_refuses_without_training_anew(images, killed):
    refused = images.run("--config", "few", "--set", 'gates.accuracy=">= 0.9999"')

    assert refused.code != 0
    assert refused.steps()["train_cnn"] == "cached"
    assert "gate accuracy failed" in refused.err
    assert "deploy" not in refused.steps()


def test_the_same_bytes_are_made_again_from_what_is_on_record(images, killed):
    ended = images.run("reproduce", "1", "--config", "few", "--here")

    assert ended.code == 0, ended.out + ended.err
    assert "The same bytes" in ended.out


def test_nothing_is_indexed_that_has_no_gallery(images, killed):
    done = images.run("index", "--config", "few")

    assert done.code == 2, done.err
    assert "has no embedding: name one of type arcface" in done.err


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("data.uri=data/none.parquet", "data/none.parquet"),
        ("data.label=digit", "has no column 'digit', which data.label names"),
        ("candidates.cnn.params.epochs=0", "few.yaml: candidates.cnn.params.epochs is 0"),
        ("candidates.cnn.params.epoch=3", "few.yaml: candidates.cnn.params.epoch is not known; it can be"),
        ("gates.acuracy='>= 0.5'", "few.yaml: gates.acuracy names nothing in the report"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(images, override, told):
    refused = images.run("--config", "few", "--set", override, "--dry-run")

    assert refused.code == 2
    assert told in refused.err
    assert "Traceback" not in refused.err
