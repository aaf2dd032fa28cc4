"""Stacks to look at, and the servers that they name."""

from __future__ import annotations

from secrets import token_hex

import pytest
from kubernetes import client, config
from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration
from zenml.login.credentials_store import CredentialsStore

from rehearsal.processes import free_port
from stacks.doctor.target import Target
from stacks.setup.stack_file import read_stack

NOWHERE = "http://127.0.0.1:9"
REQUIRED = {
    "KFP_NAMESPACE": "ml",
    "KFP_URL": NOWHERE,
    "S3_BUCKET_URI": "s3://bucket/prefix",
    "S3_ENDPOINT_URL": NOWHERE,
    "MLFLOW_URL": NOWHERE,
    "REGISTRY": "127.0.0.1:9/team",
}


def target(**variables):
    """The stack of stacks/kubeflow.yaml with these values."""
    return Target("kubeflow", read_stack("kubeflow", REQUIRED | variables))


@pytest.fixture
def unused():
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def fresh_zenml(tmp_path, monkeypatch):
    """ZenML as it is when it is imported: with what the environment says now."""

    def renew():
        GlobalConfiguration._reset_instance()
        Client._reset_instance()
        CredentialsStore.reset_instance()

    monkeypatch.setenv("ZENML_CONFIG_PATH", str(tmp_path / "zenml"))
    renew()
    yield renew
    monkeypatch.undo()
    renew()


@pytest.fixture
def cluster(kubeconfig, monkeypatch):
    """The cluster as its administrator; the doctor uses it, too."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    return config.new_client_from_config(str(kubeconfig), context="admin")


@pytest.fixture
def namespace(cluster, request):
    """An empty namespace of the test's own."""
    core, name = client.CoreV1Api(cluster), f"doctor-{token_hex(4)}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)
