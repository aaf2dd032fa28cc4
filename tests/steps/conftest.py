"""Artifact stores for the materializers: a folder, and a bucket on a server of this machine; both are ZenML's own."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime

import boto3
import pytest
from zenml.artifact_stores import LocalArtifactStore, LocalArtifactStoreConfig
from zenml.enums import StackComponentType
from zenml.integrations.s3.artifact_stores.s3_artifact_store import S3ArtifactStore
from zenml.integrations.s3.flavors.s3_artifact_store_flavor import S3ArtifactStoreConfig

_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
server.start()  # prints a line of its own
print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
sys.stdin.read()
"""
KEYS = {"aws_access_key_id": "component-key", "aws_secret_access_key": "component-secret"}


@pytest.fixture(scope="session")
def endpoint():
    """An S3 service in a process of its own, so that what it holds does not count as our memory."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield next(line.strip() for line in server.stdout if line.startswith("http"))
        assert server.stdin is not None
        server.stdin.close()


@pytest.fixture(scope="session")
def s3_client(endpoint):
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **KEYS)
    client.create_bucket(Bucket="artifacts")
    return client


@pytest.fixture
def refuse_after(endpoint):
    """Makes the service refuse whatever comes after this many requests, until the block ends."""

    def tell(requests):
        told = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", requests, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(told, timeout=10):
            pass

    @contextmanager
    def refusing(requests):
        tell(str(requests).encode())
        try:
            yield
        finally:
            tell(b"1e9")

    return refusing


def _component(cls, config, flavor):
    now = datetime.now(UTC)
    kind = StackComponentType.ARTIFACT_STORE
    return cls(
        name=flavor, id=uuid.uuid4(), config=config, flavor=flavor, type=kind, user=None, created=now, updated=now
    )


def new_s3_store(config):
    """A component with these settings, without a stack around it."""
    return _component(S3ArtifactStore, config, "s3")


def artifacts_at(url, **more):
    """The settings of a store in the bucket `artifacts` of the server there."""
    client = {"endpoint_url": url, "region_name": "us-east-1"}
    key, secret = KEYS.values()
    return S3ArtifactStoreConfig(path="s3://artifacts", key=key, secret=secret, client_kwargs=client, **more)


@pytest.fixture
def local_store(tmp_path):
    return _component(LocalArtifactStore, LocalArtifactStoreConfig(path=str(tmp_path / "store")), "local")


@pytest.fixture
def s3_store(endpoint, s3_client, monkeypatch):
    """A store whose address and keys stand in its component only: the environment's lead nowhere."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    store = new_s3_store(artifacts_at(endpoint))
    yield store
    store.cleanup()


@pytest.fixture
def bare_s3_store(endpoint, s3_client, monkeypatch):
    """A store whose component says no more than the bucket: address and keys stand in the environment."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    store = new_s3_store(S3ArtifactStoreConfig(path="s3://artifacts"))
    yield store
    store.cleanup()


@pytest.fixture(params=["local", "s3"])
def store(request):
    """Each of the two in turn."""
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture
def place(store):
    """A new folder in the store, made as ZenML makes it."""
    uri = f"{store.path.rstrip('/')}/{uuid.uuid4()}"
    store.makedirs(uri)
    return uri
