"""A ZenML store that an older layout of the project has written to is refused before anything is written."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest
from zenml.enums import StoreType
from zenml.zen_stores.rest_zen_store import RestZenStore

from stacks.setup.older_layout import refuse_old_flavors
from switchyard.errors import InputError
from tests.end_to_end.conftest import new_project

__all__ = ["new_project"]

# As `python run.py --stack local` of the last commit of that layout has stored them.
FLAVORS = [
    ("switchyard-mlflow", "experiment_tracker", "stacks.flavors.mlflow.TrackerFlavor"),
    ("oip", "model_deployer", "stacks.flavors.oip.OipFlavor"),
]
MATERIALIZER = '{"module":"steps.artifacts","attribute":"OnnxModelMaterializer","type":"user"}'
REGISTER = """
from zenml.client import Client
from zenml.models import FlavorRequest
for name, kind, source in {flavors}:
    custom = {{"config_schema": {{}}, "integration": "custom", "is_custom": True}}
    Client().zen_store.create_flavor(FlavorRequest(name=name, type=kind, source=source, **custom))
"""
SAVE = "from zenml import save_artifact; save_artifact({'a': 1}, 'people_raw')"  # wants a file as main module


@pytest.fixture
def project(new_project):
    """A project whose ZenML folder was opened once, and which is no ZenML repository yet."""
    project = new_project()
    project.ask("from zenml.client import Client; Client().active_stack_model")
    project.write_config("people", project.write_data("people.csv"))
    return project


def save_artifact(project):
    (project.root / "save.py").write_text(SAVE)
    ended = project.start(program=("save.py",)).finish()
    assert ended.code == 0, ended.err


def database(project):
    return next(project.home.rglob("zenml.db"))


@pytest.mark.integration
def test_old_flavors_are_refused_and_nothing_is_written(project):
    project.ask(REGISTER.format(flavors=FLAVORS))
    content, before = database(project).read_bytes(), project.written()

    ended = project.run("history", "--config", "people")

    assert ended.code == 2
    assert ended.err.splitlines() == [
        f"{project.home} was written by an older layout of this project (stacks.flavors.mlflow.TrackerFlavor), which "
        "this version cannot load; point ZENML_CONFIG_PATH to an empty folder, or move this one away"
    ]
    assert database(project).read_bytes() == content
    changed = {path for path, state in project.written().items() if before.get(path) != state}
    assert not [path for path in changed if not path.endswith((".opening.lock", "config.yaml"))]


@pytest.mark.integration
def test_old_artifacts_are_refused_where_somebody_has_deleted_the_flavors(project):
    save_artifact(project)
    with sqlite3.connect(database(project)) as connection:
        connection.execute("UPDATE artifact_version SET materializer = ?", [MATERIALIZER])

    ended = project.run("--config", "people", "--stack", "local")

    assert (ended.code, ended.out) == (2, "")
    assert "older layout of this project (steps.artifacts.OnnxModelMaterializer)" in ended.err
    with sqlite3.connect(database(project)) as connection:
        assert connection.execute("SELECT count(*) FROM flavor WHERE source LIKE 'stacks.%'").fetchone() == (0,)


@pytest.mark.integration
def test_a_store_of_today_is_opened(project):
    save_artifact(project)
    project.ask(REGISTER.format(flavors=[("oip", "model_deployer", "stacks.deployers.local.flavor.OipFlavor")]))

    assert project.run("history", "--config", "people").code == 0


def test_the_sentence_about_a_server_names_it_and_another_way_out(monkeypatch):
    """The server's answer goes through ZenML's own client for servers; only what it lists is given here."""
    server = RestZenStore.model_construct(config=SimpleNamespace(url="http://127.0.0.1:8237"))
    page = SimpleNamespace(items=[SimpleNamespace(source=FLAVORS[1][2])])
    monkeypatch.setattr(RestZenStore, "list_flavors", lambda *_: page)

    with pytest.raises(InputError) as refused:
        refuse_old_flavors(server, "~/.config/zenml")

    assert server.TYPE == StoreType.REST
    assert "the ZenML server http://127.0.0.1:8237 holds records of an older layout" in str(refused.value)
    assert "zenml login URL" in str(refused.value)
    assert "ZENML_CONFIG_PATH" not in str(refused.value)
