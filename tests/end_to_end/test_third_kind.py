"""A kind of data that the program does not know, registered from outside: from a file to a prediction."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from pathlib import Path

import pytest
import yaml

from rehearsal.processes import free_port

PLUGIN = Path(__file__).parent / "third_kind"
TEXTS = {
    "good": ["a fine day", "what a fine film", "fine and warm", "we liked a fine meal", "a warm fine day"],
    "bad": ["a dull day", "what a dull film", "dull and cold", "we left a dull meal", "a cold dull day"],
}


def digests(root):
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(root.rglob("*.py"))}


@pytest.fixture(scope="module")
def texts(new_project):
    """A project with ten texts."""
    project = new_project()
    pairs = zip(TEXTS["good"], TEXTS["bad"], strict=True)
    lines = [line for good, bad in pairs for line in (f"{good},good", f"{bad},bad")]
    (project.root / "data" / "texts.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    config = {
        "name": "opinions",
        "task": "text_classification",
        "data": {"uri": "data/texts.csv"},
        "candidates": {"ngrams": {"type": "hashed_ngrams", "params": {"C": 10.0}}},
        "metrics": {"primary": "accuracy", "bootstrap": 20},
        "gates": {"accuracy": ">= 0.5"},
        "deployment": {"port": free_port()},
    }
    (project.root / "configs" / "opinions.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    project.environment |= {"SWITCHYARD_KINDS": "texts", "PYTHONPATH": str(PLUGIN)}
    project.code = digests(project.root)
    return project


def test_a_third_kind_runs_to_a_prediction_without_a_changed_file_of_the_program(texts):
    ended = texts.run("--stack", "local", "--config", "opinions")

    assert ended.code == 0, ended.out + ended.err
    assert set(ended.steps().values()) == {"done"}
    url = f"http://127.0.0.1:{yaml.safe_load((texts.root / 'configs/opinions.yaml').read_text())['deployment']['port']}"
    body = {"inputs": [{"name": "text", "shape": [2, 1], "datatype": "BYTES", "data": ["a fine idea", "so dull"]}]}
    request = urllib.request.Request(
        f"{url}/v2/models/opinions/infer", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        outputs = {each["name"]: each["data"] for each in json.loads(answer.read())["outputs"]}
    assert outputs["label"] == ["good", "bad"]
    assert digests(texts.root) == texts.code


def test_without_the_module_its_task_is_refused(texts):
    ended = texts.run("--config", "opinions", SWITCHYARD_KINDS="")

    assert ended.code == 2
    assert "task is 'text_classification'" in ended.err


def test_a_module_that_is_not_there_is_one_sentence(texts):
    ended = texts.run("--config", "opinions", SWITCHYARD_KINDS="nowhere")

    assert ended.code == 2
    assert "SWITCHYARD_KINDS names nowhere, which cannot be imported" in ended.err
