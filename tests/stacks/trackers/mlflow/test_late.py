"""A run that tracks nothing does not load MLflow, and what stands for the tracker answers as the tracker does."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import StackValidationError
from zenml.stack import StackComponent

from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import StackFile
from stacks.trackers.mlflow.tracker import Tracker
from switchyard.project import ROOT

TRACKER = "stacks.trackers.mlflow.flavor.TrackerFlavor"
ASK = """
import sys
from zenml.client import Client
from zenml.integrations.registry import integration_registry
integration_registry.activate_integrations = lambda: None  # as in a run
stack = Client().active_stack
stack.validate()
stack.experiment_tracker.check()
print(stack.experiment_tracker.get_tracking_uri())
print("mlflow" in sys.modules)
"""


def stack(config):
    parts = {"orchestrator": {"flavor": "local"}, "artifact_store": {"flavor": "local"}}
    parts["experiment_tracker"] = {"flavor": TRACKER, "config": config}
    return StackFile(components={kind: {"name": "late", **each} for kind, each in parts.items()})


@pytest.fixture
def local(zenml):
    apply_stack("late", stack({}))
    return Client().active_stack


def test_what_every_run_asks_loads_no_mlflow(local, tmp_path):
    script = tmp_path / "ask.py"  # ZenML wants a main module with a file
    script.write_text(ASK)
    answer = subprocess.run(
        [sys.executable, script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )

    assert answer.returncode == 0, answer.stderr
    uri, loaded = answer.stdout.split("\n")[:2]
    assert uri == local.experiment_tracker.get_tracking_uri()
    assert loaded == "False"


def test_the_database_is_where_the_tracker_puts_it(local):
    late = local.experiment_tracker
    args, kwargs = late._made_with

    assert late.get_tracking_uri() == Tracker(*args, **kwargs).get_tracking_uri()


def test_without_a_uri_a_store_of_this_machine_is_needed(local):
    args, kwargs = local.experiment_tracker._made_with
    local.validate()
    elsewhere = SimpleNamespace(name="elsewhere", all_components=[], artifact_store=object())

    reasons = []
    for tracker in (local.experiment_tracker, Tracker(*args, **kwargs)):
        with pytest.raises(StackValidationError, match="only works with a local artifact store") as refused:
            tracker.validator.validate(elsewhere)
        reasons.append(str(refused.value))
    assert reasons[0] == reasons[1]


def test_a_uri_goes_with_any_store(zenml):
    apply_stack("late", stack({"tracking_uri": "http://127.0.0.1:9"}))
    tracker = StackComponent.from_model(zenml.get_stack_component(StackComponentType.EXPERIMENT_TRACKER, "late"))

    assert tracker.validator is None
    assert tracker.get_tracking_uri() == "http://127.0.0.1:9"
