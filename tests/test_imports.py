"""An import rule that import-linter cannot hold: that every import is declared."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OURS = ("switchyard", "steps", "pipelines", "runs", "stacks", "commands")
SOURCES = [ROOT / "run.py", *(path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py")))]
# Comes with boto3, as its core and its exceptions.
TOGETHER = {"botocore": "boto3", "pydantic-core": "pydantic"}


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.fixture(scope="module")
def distributions():
    return metadata.packages_distributions()


@pytest.fixture(scope="module")
def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_imported_package_is_a_dependency_of_ours(path, distributions, declared):
    packages = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {*OURS}

    undeclared = []
    for package in packages:
        names = {canonicalize_name(name) for name in distributions.get(package, [package])}
        if not {TOGETHER.get(name, name) for name in names} & declared:
            undeclared.append(package)

    assert undeclared == []
