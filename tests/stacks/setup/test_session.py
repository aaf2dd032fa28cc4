"""A ZenML folder that cannot be used is told in one sentence that says what to do, and stays as it is."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.conftest import new_project

__all__ = ["new_project"]

pytestmark = pytest.mark.integration
OPEN = """
import sys
from stacks.setup.session import open_session
from switchyard.errors import SwitchyardError
try:
    with open_session(debug=False):
        from zenml.client import Client
        print("active:", Client().active_stack_model.name)
except SwitchyardError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def project(new_project):
    """A project whose ZenML folder was opened once."""
    project = new_project()
    assert project.ask(OPEN) == "active: default"
    return project


@pytest.fixture
def config(project):
    """ZenML's own settings, which are put back afterwards."""
    path = project.home / "config.yaml"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def test_the_first_start_makes_the_project_a_repository_and_says_nothing(project):
    assert (project.root / ".zen").is_dir()
    assert yaml.safe_load((project.home / "config.yaml").read_text())["version"] == version("zenml")


def test_a_folder_of_a_newer_version_is_refused_and_left_alone(project, config):
    settings = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**settings, "version": "999.0.0"}))
    before = config.read_bytes()

    said = project.ask(OPEN)

    assert said.startswith("refused: ")
    assert len(said.splitlines()) == 1
    for word in (str(project.home), "999.0.0", version("zenml"), "ZENML_CONFIG_PATH"):
        assert word in said
    assert config.read_bytes() == before


def test_settings_that_are_no_yaml_are_refused(project, config):
    config.write_text("version: [")

    said = project.ask(OPEN)

    assert said.startswith(f"refused: {project.home}: ZenML cannot open it")
    assert "ZENML_CONFIG_PATH" in said
    assert len(said.splitlines()) == 1


def database(project) -> Path:
    (found,) = project.home.rglob("zenml.db")
    return found


def test_a_database_of_an_unknown_version_is_refused(project):
    with sqlite3.connect(database(project)) as connection:
        (known,) = connection.execute("select version_num from alembic_version").fetchone()
        connection.execute("update alembic_version set version_num = 'ffffffffffff'")
    try:
        said = project.ask(OPEN)
    finally:
        with sqlite3.connect(database(project)) as connection:
            connection.execute("update alembic_version set version_num = ?", (known,))

    assert said.startswith(f"refused: {project.home}: ZenML cannot open it")
    assert len(said.splitlines()) == 1


def test_a_database_that_is_none_is_refused(project):
    path = database(project)
    kept = path.read_bytes()
    path.write_bytes(b"no database at all" * 100)
    try:
        said = project.ask(OPEN)
        left = path.read_bytes()
    finally:
        path.write_bytes(kept)

    assert said.startswith(f"refused: {project.home}: ZenML cannot open it")
    assert "not a database" in said
    assert len(said.splitlines()) == 1
    assert left == b"no database at all" * 100
