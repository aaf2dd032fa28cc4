"""kill -9 and Ctrl-C at any moment: the next run goes on from the steps that had finished, and nothing stays behind."""

from __future__ import annotations

import json
import signal
import urllib.request
from pathlib import Path

import pytest

# Inside each step, where it has done part of its work already.
INSIDE = {
    "ingest": ("switchyard.data.tables.ingest:_check_unchanged", "before"),
    "validate": ("switchyard.data.tables.validation:validate", "after"),
    "preprocess": ("switchyard.data.write_parts:write_parts", "before"),
    "train_logistic": ("steps.support.tracking:log_candidate", "after"),
    "evaluate": ("steps.support.tracking:log_evaluation", "after"),
    "promote": ("steps.registry.versions:record_verdict", "after"),
    "deploy": ("switchyard.serving.rollout.golden:smoke_test", "before"),
}


def run_states(project, use_case):
    """Status of each run in ZenML and of each of its runs in MLflow, newest first."""
    code = f"""
import json
from zenml.client import Client
from mlflow import MlflowClient
runs = Client().list_pipeline_runs(sort_by="desc:created", size=50).items
mlflow = MlflowClient(Client().active_stack.experiment_tracker.get_tracking_uri())
experiment = mlflow.get_experiment_by_name({use_case!r})
print(json.dumps({{
    "runs": [str(run.status) for run in runs if run.name.startswith({use_case!r} + "-2")],
    "steps": sorted({{str(step.status) for run in runs if run.name.startswith({use_case!r} + "-2")
                     for step in run.steps.values()}}),
    "mlflow": sorted({{run.info.status for run in mlflow.search_runs([experiment.experiment_id])}}),
}}))
"""
    return json.loads(project.ask(code).splitlines()[-1])


def served_version(project, use_case):
    endpoint = json.loads((project.root / ".switchyard" / f"{use_case}.json").read_text())["outcome"]["endpoint"]
    url, body = f"{endpoint['url']}/v2/models/{use_case}/infer", json.dumps(endpoint["request"]).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return int(json.load(response)["model_version"])


@pytest.mark.thorough
def test_killed_in_each_step_the_next_run_goes_on_and_the_old_version_serves_meanwhile(project, plugin, tmp_path):
    before = served_version(project, "people")
    changed = ("--config", "people", "--set", f"data.uri={project.write_data('more-people.csv', rows=220)}")

    for number, (step, (at, when)) in enumerate(INSIDE.items()):
        mark = tmp_path / step
        ended = project.run(*changed, **plugin(at, "kill", when, mark))
        assert mark.exists(), (step, ended.out, ended.err)
        assert ended.code == -signal.SIGKILL, step
        finished = list(INSIDE)[: max(0, number - 1)]
        # promote and deploy ask the registry and the endpoint anew each time
        kept = {name: "cached" for name in finished if name != "promote"}
        assert kept.items() <= ended.steps().items(), (step, ended.out)
        assert served_version(project, "people") == before

    ended = project.run(*changed)

    assert ended.code == 0, ended.err
    assert [step for step, how in ended.steps().items() if how == "cached"] == list(INSIDE)[:5]
    assert served_version(project, "people") > before
    states = run_states(project, "people")
    assert states["runs"] == ["completed", *["failed"] * len(INSIDE), *states["runs"][len(INSIDE) + 1 :]]
    assert "running" not in states["steps"]
    assert "RUNNING" not in states["mlflow"]


INTERRUPTED = "Interrupted; finished steps are kept, and the next run continues from there.\n"


@pytest.mark.parametrize(
    ("moment", "at"),
    [
        ("in preflight", "switchyard.data.tables.split_check:check_split"),
        ("while ZenML starts", "stacks.setup.apply:apply_stack"),
        ("in training", "switchyard.training.tables.train:train"),
        ("while deploying", "switchyard.serving.rollout.golden:smoke_test"),
    ],
)
def test_ctrl_c_ends_the_command_with_one_line_and_the_next_run_goes_on(project, plugin, tmp_path, moment, at):
    name = f"interrupted-{at.rpartition(':')[2].replace('_', '-')}"
    project.write_config(name, "data/people.csv")
    arguments = ("--config", name, "--stack", "local")

    started = project.start(*arguments, **plugin(at, "pause"))
    started.wait_for((tmp_path / "mark").exists)
    started.signal(signal.SIGINT)
    ended = started.finish()

    assert ended.code == 130, (ended.out, ended.err)
    assert ended.err == INTERRUPTED
    assert processes_in_group(started.process.pid) == []

    if moment in ("in training", "while deploying"):
        again = project.run(*arguments)
        assert again.code == 0, again.err
        finished = [step for step, how in ended.steps().items() if how == "done" and step != "promote"]
        assert finished
        assert [again.steps()[step] for step in finished] == ["cached"] * len(finished)


def processes_in_group(group):
    """Process ids that are left of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group, *_ = stat.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found
