"""A stack file is read as it is meant, or refused in one sentence that names it."""

from __future__ import annotations

import pytest

from stacks.setup import stack_file
from stacks.setup.stack_file import read_stack
from switchyard.errors import InputError

MINIMAL = """
components:
  orchestrator: {name: local, flavor: local}
  artifact_store: {name: bucket, flavor: s3, config: {path: s3://bucket}}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes `stacks/mine.yaml` of a project of its own."""
    monkeypatch.setattr(stack_file, "FOLDER", tmp_path)
    (tmp_path / "local.yaml").write_text(MINIMAL)
    return (tmp_path / "mine.yaml").write_text


def test_a_stack_file_is_read(written):
    written(MINIMAL)

    store = read_stack("mine").components["artifact_store"]

    assert (store.name, store.flavor, store.config) == ("bucket", "s3", {"path": "s3://bucket"})


WRONG = {
    "unknown component": (MINIMAL + "  model_deployr: {name: x, flavor: oip}\n", ["components", "model_deploy"]),
    "unknown key": (MINIMAL.replace("config:", "cnfig:"), ["components.artifact_store.cnfig", "did you mean config"]),
    "flavor missing": (MINIMAL.replace(", flavor: local", ""), ["components.orchestrator.flavor", "missing"]),
    "empty name": (MINIMAL.replace("name: local", "name: ''"), ["components.orchestrator.name"]),
    "config that is no mapping": (MINIMAL.replace("{path: s3://bucket}", "s3"), ["components.artifact_store.config"]),
    "no components": ("components: {}\n", ["components"]),
    "empty file": ("", ["mine.yaml"]),
    "broken YAML": (MINIMAL.replace("{name: local", "{name: local: x"), ["mine.yaml", "line"]),
    "no orchestrator": (MINIMAL.replace("orchestrator", "image_builder"), ["components.orchestrator is missing"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_stack_is_refused(written, case):
    text, words = WRONG[case]
    written(text)

    with pytest.raises(InputError) as refused:
        read_stack("mine")

    sentence = str(refused.value)
    assert [word for word in ["mine.yaml", *words] if word not in sentence] == [], sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["lokal", "../stacks/local", "local.yaml"])
def test_an_unknown_stack_is_refused_with_those_that_there_are(written, name):
    with pytest.raises(InputError, match=f"--stack {name}: .*allowed: local"):
        read_stack(name)
