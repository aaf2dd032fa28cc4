"""Which file a user means by `--config`, and that what is wrong in it is told with its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runs import preflight as module
from runs.preflight import check_learners, preflight
from switchyard.config.loading import load
from switchyard.errors import InputError
from switchyard.project import ROOT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the use case `titanic`; the working folder is another one."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "configs", root / "configs")
    (root / "data").mkdir()
    shutil.copy2(ROOT / "data" / "titanic.csv", root / "data")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(module, "ROOT", root)
    monkeypatch.chdir(elsewhere)
    return root


@pytest.mark.parametrize("given", ["titanic", "configs/titanic.yaml"])
def test_a_config_is_found_by_name_and_from_the_project(project, given):
    config, source = preflight(Path(given), ["seed=11"])

    assert (config.name, config.seed) == ("titanic", 11)
    assert source.rows == 1309


def test_a_config_is_found_from_where_the_user_stands(project):
    shutil.copy2(project / "configs" / "titanic.yaml", "mine.yaml")

    assert preflight(Path("mine.yaml"), [])[0].name == "titanic"
    assert preflight(Path("mine.yaml").absolute(), [])[0].name == "titanic"


def test_a_file_where_the_user_stands_comes_before_one_of_the_project(project):
    Path("configs").mkdir()
    text = (project / "configs" / "titanic.yaml").read_text()
    Path("configs/titanic.yaml").write_text(text.replace("name: titanic", "name: another", 1))

    assert preflight(Path("configs/titanic.yaml"), [])[0].name == "another"


def test_an_unknown_name_is_refused_with_the_file_that_was_looked_for(project):
    with pytest.raises(InputError, match=r"configs/titanik\.yaml"):
        preflight(Path("titanik"), [])


def test_a_gate_of_an_unknown_figure_names_the_file(project):
    with pytest.raises(InputError, match=r"^configs/titanic\.yaml.*gates.*roc_ouc"):
        preflight(Path("titanic"), ["gates.roc_ouc='>= 0.5'"])


def test_a_hyperparameter_that_no_learner_knows_names_the_file(project):
    config = load(project / "configs" / "titanic.yaml", ["candidates.logistic.params.depth=3"])

    with pytest.raises(InputError, match=r"^configs/titanic\.yaml: .*candidates\.logistic\.params\.depth"):
        check_learners(Path("titanic"), config)
