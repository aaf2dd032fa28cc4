"""A cached step is computed again when code that decides its result has changed."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from steps.support.caching import depends_on
from switchyard.config.loading import load
from switchyard.config.recipes import DeployRecipe, EvaluateRecipe, IngestRecipe, PreprocessRecipe, TrainRecipe
from switchyard.project import ROOT
from switchyard.tasks.code import digest, files
from switchyard.tasks.recipes import Recipes
from switchyard.tasks.registry import kind_named

KINDS = ("tables", "images")
CACHED = ("ingest", "validate", "preprocess", "train", "index", "evaluate")
# Imported, but without a say in what a step computes: config values are parameters of the step, and so are in the key.
NO_SAY = {
    "steps/storage/ca_bundle.py",  # whom a connection trusts
    "steps/support/caching.py",
    "steps/storage/checkpoints.py",  # a training that goes on learns what it would have learned at one go
    "steps/support/epochs.py",
    "steps/support/options.py",  # where it runs
    "steps/storage/s3_access.py",  # who asks a bucket
    "steps/storage/remote_checkpoint.py",
    "steps/registry/versions.py",  # what a version was trained on does not change
    "steps/support/tracking.py",
    "switchyard/__init__.py",
    "switchyard/errors.py",
    "switchyard/project.py",
    "switchyard/report.py",
    *(
        str(path.relative_to(ROOT))
        for path in (ROOT / "switchyard/config").rglob("*.py")
        if path.name not in ("features.py", "task_metrics.py")  # which columns a model sees, what is measured
    ),
}


def file_of(module):
    path = ROOT / module.replace(".", "/")
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)


def imported(path):
    """Our own files that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from filter(None, (file_of(name) for name in names if name.split(".")[0] in ("steps", "switchyard")))


def closure(start):
    """The files that a file imports, and those that these import; what only files without a say import has none."""
    found, todo = set(), [start]
    while todo:
        new = set(imported(todo.pop())) - found
        found |= new
        todo += [path for path in new if str(path.relative_to(ROOT)) not in NO_SAY]
    return {str(path.relative_to(ROOT)) for path in found}


# What a kind does in a step, and the stages of `switchyard.tasks.code` that stand for it.
ENTRIES = {
    ("ingest",): "data/{}/task.py",
    ("validate",): "data/{}/task.py",
    ("preprocess",): "data/{}/task.py",
    ("preprocess", "row_gates"): "evaluation/{}/gates.py",
    ("train",): "training/{}/task.py",
    ("index",): "training/{}/task.py",
    ("evaluate",): "evaluation/{}/task.py",
}


def policy(step):
    return getattr(importlib.import_module(f"steps.{step}"), step).configuration.cache_policy


def dependencies(step):
    return set(policy(step).file_dependencies)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", ENTRIES, ids="+".join)
def test_a_recipe_counts_all_code_that_its_kind_uses(steps, kind):
    needed = closure(ROOT / "switchyard" / ENTRIES[steps].format(kind)) - NO_SAY
    if steps == ("index",):  # it measures nothing
        measuring = ("switchyard/statistics/", "switchyard/config/task_metrics.py")
        needed = {path for path in needed if not path.startswith(measuring)}

    assert needed
    assert needed - {str(path.relative_to(ROOT)) for path in files(kind_named(kind), *steps)} == set()


@pytest.fixture
def copy(tmp_path):
    """The library somewhere else, where it may be changed."""
    shutil.copytree(ROOT / "switchyard", tmp_path / "switchyard", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def keys(root):
    """What stands for the code in each step of each kind."""
    return {(kind, steps): digest(kind_named(kind), *steps, root=root) for kind in KINDS for steps in ENTRIES}


@pytest.mark.parametrize(("changed", "other"), [("images", "tables"), ("tables", "images")])
def test_a_change_in_the_folders_of_one_kind_leaves_every_step_of_the_other_cached(copy, changed, other):
    before = keys(copy)
    for folder in (copy / "switchyard").rglob(changed):
        (folder / "__init__.py").write_text("CHANGED = True\n")
    after = keys(copy)

    assert all(after[key] != before[key] for key in before if key[0] == changed)
    assert all(after[key] == before[key] for key in before if key[0] == other)


def test_what_the_kinds_share_counts_for_both(copy):
    before = keys(copy)
    (copy / "switchyard" / "statistics" / "bootstrap.py").write_text("")
    changed = {key for key, value in keys(copy).items() if value != before[key]}

    measuring = [("preprocess", "row_gates"), ("train",), ("evaluate",)]
    assert changed == {(kind, steps) for kind in KINDS for steps in measuring}


@pytest.mark.parametrize("use_case", ["titanic", "digits"])
def test_a_changed_gate_changes_what_evaluate_is_told_and_nothing_else(use_case):
    config = load(ROOT / "configs" / f"{use_case}.yaml")
    before = Recipes.of(config, "abc")
    after = Recipes.of(config.model_copy(update={"gates": config.gates | {"size_mb": "<= 1000"}}), "abc")

    assert [each.name for each in fields(Recipes) if getattr(before, each.name) != getattr(after, each.name)] == [
        "evaluate"
    ]


def test_a_gate_that_the_rows_decide_about_is_told_to_preprocess_and_not_to_train():
    config = load(ROOT / "configs" / "titanic.yaml")
    before = Recipes.of(config, "abc")
    after = Recipes.of(config.model_copy(update={"gates": {"slices.sex.male.rows": "> 5"}}), "abc")

    assert after.preprocess.row_gates.gates == {"slices.sex.male.rows": "> 5"}
    assert after.train == before.train


@pytest.mark.parametrize("use_case", ["titanic", "digits"])
def test_a_recipe_is_the_same_after_its_way_through_json(use_case):
    recipes = Recipes.of(load(ROOT / "configs" / f"{use_case}.yaml"), "abc")
    for step in (IngestRecipe, PreprocessRecipe, TrainRecipe, EvaluateRecipe, DeployRecipe):
        name = step.__name__.removesuffix("Recipe").lower()
        recipe = getattr(recipes, name) if name != "train" else next(iter(recipes.train.values()))
        told = json.loads(json.dumps(recipe.model_dump(mode="json", exclude_unset=True)))  # as ZenML keeps it

        assert told == recipe.model_dump(mode="json")
        assert TypeAdapter(step).validate_python(told) == recipe


@pytest.mark.parametrize("step", CACHED)
def test_a_step_depends_on_the_versions_of_the_libraries(step):
    assert "requirements.lock" in dependencies(step)


@pytest.mark.parametrize("step", CACHED)
def test_what_a_step_depends_on_is_there(step):
    assert [path for path in dependencies(step) if not (ROOT / path).is_file()] == []


def test_code_parameters_and_inputs_are_in_the_key():
    for step in CACHED:
        carried = policy(step)
        assert carried.include_step_code
        assert carried.include_step_parameters
        assert carried.include_artifact_values


@pytest.mark.parametrize("step", ["promote", "deploy"])
def test_what_acts_on_the_world_is_never_cached(step):
    assert getattr(importlib.import_module(f"steps.{step}"), step).configuration.enable_cache is False


def test_a_folder_stands_for_all_that_is_in_it():
    files = depends_on("switchyard/evaluation").file_dependencies

    assert {"switchyard/evaluation/report/page.py", "switchyard/evaluation/report/templates/page.html"} <= set(files)
    assert files == sorted(files)
    assert not [path for path in files if Path(path).is_absolute() or path.endswith(".pyc")]
