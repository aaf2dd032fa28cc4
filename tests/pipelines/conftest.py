"""Copies of the project, as the tests of the command line use them, S3 for them, and an empty ZenML in this process."""

from __future__ import annotations

import pytest
import yaml

from tests.integration.conftest import Project, new_project
from tests.s3.server import moto
from tests.stacks.conftest import zenml

__all__ = ["new_project", "zenml"]

KEYS = {"key": "component-key", "secret": "component-secret"}


@pytest.fixture(scope="module")
def s3():
    """The address of a server; what is in it stays as long as this process."""
    with moto() as url:
        yield url


def write_stacks(project: Project, endpoint: str, path: str) -> None:
    """`bucket` keeps its artifacts on S3, at `path`; `bare` has no experiment tracker."""
    stack = yaml.safe_load((project.root / "stacks" / "local.yaml").read_text())["components"]
    bare = {kind: part for kind, part in stack.items() if kind != "experiment_tracker"}
    client = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    config = {"path": path, **KEYS, "client_kwargs": client}
    stack["artifact_store"] = {"name": "bucket", "flavor": "s3", "config": config}
    database = {"tracking_uri": f"sqlite:///{project.home}/mlflow.db"}
    stack["experiment_tracker"] |= {"name": "database", "config": database}
    for name, components in (("bucket", stack), ("bare", bare)):
        (project.root / "stacks" / f"{name}.yaml").write_text(yaml.safe_dump({"components": components}))
