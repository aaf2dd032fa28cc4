"""Nothing is run only if nothing at all has changed, neither in the recipe nor in what must still be there."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runs import unchanged
from runs.outcome_data import Outcome
from runs.unchanged import last_outcome, last_stack, recipe, remember
from switchyard.config.loading import load
from switchyard.project import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of what a recipe reads, with a ZenML folder and a state folder of its own."""
    root = tmp_path / "project"
    for part in ("commands", "pipelines", "runs", "stacks", "steps", "switchyard"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("run.py", "requirements.lock"):
        shutil.copy2(ROOT / file, root / file)
    (root / ".zen").mkdir()
    (root / ".zen" / "config.yaml").write_text("active_stack_id: one\nactive_project_id: mine\n")
    home = tmp_path / "zenml"
    home.mkdir()
    (home / "config.yaml").write_text("active_stack_id: one\nstore:\n  type: sql\n  url: sqlite:///a\nversion: 1\n")
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(home))
    monkeypatch.setattr(unchanged, "ROOT", root)
    monkeypatch.setattr(unchanged, "STATE", root / ".switchyard")
    return root


@pytest.fixture
def config():
    return load(ROOT / "configs" / "titanic.yaml")


@pytest.fixture
def served():
    """A server that is ready for version 3 of `titanic`, and its URL."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/v2/models/titanic/versions/3/ready" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def outcome(tmp_path, served):
    artifact = tmp_path / "artifact"
    artifact.mkdir()
    (artifact / "model.onnx").write_bytes(b"onnx")
    endpoint = {"name": "titanic", "version": 3, "url": served, "notice": "", "request": {}, "service": "1"}
    data = {"uri": "x", "rows": 1, "unit": "row", "fingerprint": "f"}
    return Outcome(run="run", use_case="titanic", data=data, endpoint=endpoint, artifacts=[str(artifact)])


def test_nothing_has_changed(project, config, outcome):
    remember(outcome, recipe(config, "data", "local"))

    assert last_outcome("titanic", recipe(config, "data", "local")) == outcome


def test_who_names_no_stack_means_the_one_applied_last_while_it_is_active(project, config, outcome):
    remember(outcome, recipe(config, "data", "local"), "local")

    assert last_stack("titanic") == "local"
    assert last_stack("diamonds") is None
    (project / ".zen" / "config.yaml").write_text("active_stack_id: two\nactive_project_id: mine\n")
    assert last_stack("titanic") is None


def test_another_use_case_was_never_run(project, config, outcome):
    remember(outcome, recipe(config, "data", "local"))

    assert last_outcome("diamonds", recipe(config, "data", "local")) is None


def test_each_ingredient_changes_the_recipe(project, config):
    before = recipe(config, "data", "local")

    assert recipe(config, "data", "local") == before
    assert recipe(config, "other data", "local") != before
    assert recipe(config, "data", None) != before
    assert recipe(load(ROOT / "configs" / "titanic.yaml", ["split.test=0.3"]), "data", "local") != before


FILES = [
    "run.py",
    "requirements.lock",
    "stacks/local.yaml",
    "stacks/setup/apply.py",
    "stacks/deployers/local/deployer.py",
    "steps/train.py",
    "pipelines/training.py",
    "switchyard/training/tables/learners.py",
    "switchyard/evaluation/report.html",
]


@pytest.mark.parametrize("file", FILES)
def test_each_file_changes_the_recipe(project, config, file):
    before = recipe(config, "data", "local")
    with (project / file).open("a") as changed:
        changed.write("\n# another line\n")

    assert recipe(config, "data", "local") != before


def test_a_new_file_and_a_moved_one_change_the_recipe(project, config):
    before = recipe(config, "data", "local")
    (project / "steps" / "new.py").write_text("")
    added = recipe(config, "data", "local")
    (project / "steps" / "new.py").rename(project / "steps" / "moved.py")

    assert len({before, added, recipe(config, "data", "local")}) == 3


def test_another_stack_file_does_not_change_the_recipe(project, config):
    before = recipe(config, "data", "local")
    (project / "stacks" / "other.yaml").write_text("components: {}")

    assert recipe(config, "data", "local") == before


def spoil_artifact(outcome, project, monkeypatch):
    shutil.rmtree(outcome.artifacts[0])


def empty_artifact(outcome, project, monkeypatch):
    next(Path(outcome.artifacts[0]).iterdir()).unlink()


def forget_artifacts(outcome, project, monkeypatch):
    rewrite(project, artifacts=[])


def move_artifacts_to_a_bucket(outcome, project, monkeypatch):
    rewrite(project, artifacts=["s3://bucket/artifact"])  # not looked for: that would take ZenML and its keys


def serve_another_version(outcome, project, monkeypatch):
    rewrite(project, endpoint={**asdict(outcome.endpoint), "version": 4})


def stop_endpoint(outcome, project, monkeypatch):
    rewrite(project, endpoint={**asdict(outcome.endpoint), "url": "http://127.0.0.1:9"})


def serve_nothing(outcome, project, monkeypatch):
    rewrite(project, endpoint=None)


def another_zenml_folder(outcome, project, monkeypatch):
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(project.parent / "other"))


def another_active_stack(outcome, project, monkeypatch):
    (project / ".zen" / "config.yaml").write_text("active_stack_id: two\nactive_project_id: mine\n")


def another_server(outcome, project, monkeypatch):
    path = project.parent / "zenml" / "config.yaml"
    path.write_text(path.read_text().replace("sqlite:///a", "sqlite:///b"))


def cut_state_file(outcome, project, monkeypatch):
    path = project / ".switchyard" / "titanic.json"
    path.write_text(path.read_text()[:-20])


def state_file_of_something_else(outcome, project, monkeypatch):
    (project / ".switchyard" / "titanic.json").write_text('["no", "state"]')


def state_file_of_another_shape(outcome, project, monkeypatch):
    (project / ".switchyard" / "titanic.json").write_text('{"outcome": "well"}')


def state_file_without_the_run(outcome, project, monkeypatch):
    state = json.loads((project / ".switchyard" / "titanic.json").read_text())
    del state["outcome"]["run"]
    (project / ".switchyard" / "titanic.json").write_text(json.dumps(state))


def state_file_that_is_no_text(outcome, project, monkeypatch):
    (project / ".switchyard" / "titanic.json").write_bytes(b"\xff\xfe\x00")


def rewrite(project, **changes):
    path = project / ".switchyard" / "titanic.json"
    state = json.loads(path.read_text())
    state["outcome"] |= changes
    path.write_text(json.dumps(state))


CHANGES = [
    spoil_artifact,
    empty_artifact,
    forget_artifacts,
    move_artifacts_to_a_bucket,
    serve_another_version,
    stop_endpoint,
    serve_nothing,
    another_zenml_folder,
    another_active_stack,
    another_server,
    cut_state_file,
    state_file_of_something_else,
    state_file_of_another_shape,
    state_file_without_the_run,
    state_file_that_is_no_text,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_is_not_as_it_was_left_is_run_again(project, config, outcome, monkeypatch, change):
    now = recipe(config, "data", "local")
    remember(outcome, now)
    assert last_outcome("titanic", now) is not None

    change(outcome, project, monkeypatch)

    assert last_outcome("titanic", now) is None


def test_another_version_of_zenmls_file_is_no_change(project, config, outcome):
    now = recipe(config, "data", "local")
    remember(outcome, now)
    with (project.parent / "zenml" / "config.yaml").open("a") as file:
        file.write("user_metadata: seen\n")

    assert last_outcome("titanic", now) == outcome


def test_a_state_file_with_a_key_of_a_later_version_is_read(project, config, outcome):
    now = recipe(config, "data", "local")
    remember(outcome, now)
    rewrite(project, weather="fine")

    assert last_outcome("titanic", now) == outcome
