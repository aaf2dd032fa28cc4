"""A cached step is computed again when code that decides its result has changed."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from steps.support.caching import depends_on
from switchyard.project import ROOT

CACHED = ("ingest", "validate", "preprocess", "train", "evaluate")
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
        if path.name != "features.py"  # decides which columns a model sees
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


def dependencies(step):
    return set(importlib.import_module(f"steps.{step}")._CODE.file_dependencies)


@pytest.mark.parametrize("step", CACHED)
def test_a_step_depends_on_all_code_behind_it(step):
    needed = closure(ROOT / "steps" / f"{step}.py") - NO_SAY
    if step in ("ingest", "validate", "preprocess"):
        # Imported for its materializer; these have no model.
        needed = {path for path in needed if not path.startswith("switchyard/model/")}

    assert needed
    assert needed - dependencies(step) == set()


@pytest.mark.parametrize("step", CACHED)
def test_a_step_depends_on_the_versions_of_the_libraries(step):
    assert "requirements.lock" in dependencies(step)


@pytest.mark.parametrize("step", CACHED)
def test_what_a_step_depends_on_is_there(step):
    assert [path for path in dependencies(step) if not (ROOT / path).is_file()] == []


def test_the_policy_is_the_one_that_the_step_carries():
    for step in CACHED:
        module = importlib.import_module(f"steps.{step}")
        policy = getattr(module, step).configuration.cache_policy
        assert policy.file_dependencies == module._CODE.file_dependencies
        assert policy.include_step_code
        assert policy.include_step_parameters
        assert policy.include_artifact_values


@pytest.mark.parametrize("step", ["promote", "deploy"])
def test_what_acts_on_the_world_is_never_cached(step):
    assert getattr(importlib.import_module(f"steps.{step}"), step).configuration.enable_cache is False


def test_a_folder_stands_for_all_that_is_in_it():
    files = depends_on("switchyard/evaluation").file_dependencies

    assert {"switchyard/evaluation/report/page.py", "switchyard/evaluation/report/templates/page.html"} <= set(files)
    assert files == sorted(files)
    assert not [path for path in files if Path(path).is_absolute() or path.endswith(".pyc")]
