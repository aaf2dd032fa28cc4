"""ZenML's folder as it may be found: half set up, of another version, without an artifact, on a full disk."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess

import pytest
import yaml


def sentence_of(ended, code=1):
    assert ended.code == code, (ended.out, ended.err)
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert "Traceback" not in ended.err
    return ended.err.strip()


APPLY = """
import json
from stacks.setup.session import open_session
with open_session(debug=False):
    from stacks.setup.apply import apply_stack
    from stacks.setup.stack_file import read_stack
    from zenml.client import Client

    client = Client()
    def apply():
        changes = apply_stack("local", read_stack("local"))
        kinds = sorted(kind.value for kind in client.get_stack("local").components)
        print(json.dumps({"changes": changes, "kinds": kinds}))
"""
ALL = ["artifact_store", "experiment_tracker", "model_deployer", "orchestrator"]


def after(project, *changes):
    """Changes ZenML in each of these ways in turn, applying the stack after each; what each application changed."""
    code = APPLY + "".join(f"    {change}\n    apply()\n" for change in changes)
    printed = [json.loads(line) for line in project.ask(code).splitlines()]
    assert [each["kinds"] for each in printed] == [ALL] * len(changes)
    return [each["changes"] for each in printed]


@pytest.fixture(scope="module")
def spare(new_project):
    """A project with a ZenML folder in which nothing has run."""
    project = new_project()
    project.write_config("people", "data/people.csv")
    return project


def test_a_stack_is_created_completed_updated_and_then_left_alone(spare):
    path = spare.root / "stacks" / "local.yaml"
    stack = yaml.safe_load(path.read_text())
    stack["components"]["model_deployer"]["config"] = {"path": str(spare.home / "served")}
    changed = yaml.safe_dump(stack)

    created, again, completed, refilled, updated, last = after(
        spare,
        "pass",
        "pass",
        "client.activate_stack('default'); client.delete_stack('local'); "
        "client.delete_stack_component('local', 'experiment_tracker')",
        "client.update_stack('local', component_updates={'model_deployer': []})",
        f"open({str(path)!r}, 'w').write({changed!r})",
        "pass",
    )

    assert "stack local created" in created
    assert again == []
    assert completed == ["experiment_tracker local created", "stack local created", "stack local is active"]
    assert refilled == ["stack local updated"]
    assert updated == ["model_deployer local updated: path"]
    assert last == []


def test_a_folder_of_a_newer_zenml_says_what_to_do_and_is_left_as_it_was(spare):
    after(spare, "pass")
    path = spare.home / "config.yaml"
    path.write_text(path.read_text().replace("version: 0.98.0", "version: 0.99.1"))
    before = spare.written()

    sentence = sentence_of(spare.run("--config", "people"))

    for word in (str(spare.home), "0.99.1", "0.98.0", "ZENML_CONFIG_PATH"):
        assert word in sentence
    assert spare.written() == before

    path.write_text(path.read_text().replace("version: 0.99.1", "version: 0.98.0"))
    (database,) = spare.home.rglob("zenml.db")
    revision = "update alembic_version set version_num = ?"
    with sqlite3.connect(database) as connection:
        (known,) = connection.execute("select version_num from alembic_version").fetchone()
        connection.execute(revision, ("f00dfeedf00d",))

    sentence = sentence_of(spare.run("--config", "people"))

    with sqlite3.connect(database) as connection:
        connection.execute(revision, (known,))
    assert str(spare.home) in sentence
    assert "ZENML_CONFIG_PATH" in sentence


def test_a_folder_of_an_older_zenml_is_brought_up_to_date(spare):
    after(spare, "pass")
    path = spare.home / "config.yaml"
    path.write_text(path.read_text().replace("version: 0.98.0", "version: 0.97.0"))

    assert after(spare, "pass") == [[]]
    assert yaml.safe_load(path.read_text())["version"] == "0.98.0"


def test_a_step_whose_artifact_is_gone_from_the_store_or_lacks_a_file_is_computed_again(project):
    project.write_config("people", "data/people.csv")
    whole = list(project.home.glob("local_stores/*/preprocess/people_splits/*/*/"))
    one_file = list(project.home.glob("local_stores/*/validate/people_validation/*/*/report.json"))
    assert whole
    assert one_file
    for folder in whole:
        shutil.rmtree(folder)
    for file in one_file:
        file.unlink()

    ended = project.run("--config", "people")

    assert ended.code == 0, ended.err
    steps = ended.steps()
    assert (steps["ingest"], steps["validate"], steps["preprocess"]) == ("cached", "done", "done")
    assert steps["train_logistic"] == "cached"  # the same rows again: what comes after has not changed


@pytest.fixture
def small_disk():
    """Mounts a disk with room for little on a folder."""
    mounted = []

    def mount(folder):
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            pytest.skip(f"no disk can be mounted here: {ended.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk, leave):
    """Fills a disk up to `leave` bytes."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "filler").write_bytes(b"\0" * (free - leave))


def files(folder):
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_a_full_disk_for_temporary_files_is_named_and_the_next_run_works(project, small_disk, tmp_path):
    disk = small_disk(tmp_path / "disk")
    project.write_config("full", project.write_data("full.csv", rows=3000))
    fill(disk, leave=4096)

    sentence = sentence_of(project.run("--config", "full", TMPDIR=str(disk)))

    assert str(disk) in sentence
    assert "disk is full" in sentence
    assert files(disk) == ["filler"]
    (store,) = project.home.glob("local_stores/*/ingest")
    assert files(store / "full_raw") == []

    (disk / "filler").unlink()
    assert project.run("--config", "full", TMPDIR=str(disk)).code == 0


def test_a_full_artifact_store_is_named_and_the_next_run_works(project, small_disk):
    (store,) = project.home.glob("local_stores/*/ingest")
    disk = small_disk(store / "stuffed_raw")
    project.write_config("stuffed", project.write_data("stuffed.csv", rows=310))
    fill(disk, leave=4096)

    sentence = sentence_of(project.run("--config", "stuffed"))

    assert str(disk) in sentence
    assert "the disk is full" in sentence
    assert files(disk) == ["filler"]

    (disk / "filler").unlink()
    assert project.run("--config", "stuffed").code == 0


def test_a_full_disk_under_zenml_itself_is_named(new_project, small_disk, tmp_path):
    project = new_project()
    project.write_config("people", "data/people.csv")
    project.home = small_disk(tmp_path / "disk") / "zenml"
    fill(tmp_path / "disk", leave=65536)

    sentence = sentence_of(project.run("--stack", "local", "--config", "people"))

    assert str(project.home) in sentence
