"""ZenML's own commands, typed in the project's folder, know what is served, and stop, start and delete it."""

from __future__ import annotations

import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from rehearsal.processes import free_port
from tests.end_to_end.conftest import new_project
from tests.serving.conftest import METADATA, survival_graph

__all__ = ["new_project"]

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROLL_OUT = """
import json
from stacks.setup.session import open_session
with open_session(debug=False):
    import polars as pl
    from zenml.client import Client
    from stacks.setup.apply import apply_stack
    from stacks.setup.stack_file import read_stack
    from switchyard.config.sections import Deployment
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden import golden_rows
    apply_stack("local", read_stack("local"))
    model = OnnxModel(open("model.onnx", "rb").read(), json.load(open("metadata.json")))
    golden = golden_rows(model, pl.DataFrame({{"sex": ["female"], "age": [20.0]}}))
    deployer = Client().active_stack.model_deployer
    endpoint = deployer.roll_out("survival", 3, model, golden, Deployment(port={port}))
    print(json.dumps(endpoint.to_dict()))
"""


@pytest.fixture(scope="module")
def project(new_project):
    project = new_project()
    (project.root / "model.onnx").write_bytes(survival_graph())
    (project.root / "metadata.json").write_text(json.dumps(METADATA))
    return project


@pytest.fixture(scope="module")
def endpoint(project):
    return json.loads(project.ask(ROLL_OUT.format(port=free_port())).splitlines()[-1])


def ready(endpoint):
    try:
        with urllib.request.urlopen(f"{endpoint['url']}/v2/models/survival/ready", timeout=5) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def zenml(project, *arguments):
    """What `zenml model-deployer models ARGUMENTS` prints."""
    program = str(Path(sys.executable).with_name("zenml"))
    ended = project.start("model-deployer", "models", *arguments, program=(program,)).finish()
    assert ended.code == 0, (ended.out, ended.err)
    assert "Traceback" not in ended.err
    return re.sub(r"\x1b\[[0-9;]*m", "", ended.out + ended.err)  # it prints on stderr if no terminal listens


def test_the_commands_of_zenml_work_on_the_endpoint(project, endpoint):
    service = endpoint["service"]
    assert ready(endpoint)

    listed = zenml(project, "list")
    assert service in listed
    assert "survival" in listed

    zenml(project, "stop", service)
    assert not ready(endpoint)
    assert "loaded survival version 3" in zenml(project, "logs", service)

    zenml(project, "start", service)
    assert ready(endpoint)

    zenml(project, "delete", service, "--yes")
    assert not ready(endpoint)
