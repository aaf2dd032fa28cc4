"""What the Kubeflow stack says of S3 reaches whatever talks to it: s3fs, boto3 and Polars."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import boto3
import polars as pl
import pytest
from botocore.config import Config
from zenml.enums import StackComponentType
from zenml.integrations.s3.artifact_stores.s3_artifact_store import S3ArtifactStore
from zenml.integrations.s3.flavors.s3_artifact_store_flavor import S3ArtifactStoreConfig

from stacks.setup.stack_file import read_stack
from steps.storage.artifacts import _storage_options
from switchyard.project import ROOT
from tests.fixtures.s3_server import s3_server, write_certificates

REQUIRED = {"KFP_NAMESPACE": "ml", "MLFLOW_URL": "http://mlflow", "REGISTRY": "registry/team"}
ROWS = pl.DataFrame({"a": [1, 2, 3]})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(certificates):
    with s3_server(certificates[1:]) as server:
        client = boto3.client("s3", endpoint_url=server.url, verify=str(certificates[0]), region_name="eu-central-1",
                              aws_access_key_id="k", aws_secret_access_key="s")  # fmt: skip
        client.create_bucket(Bucket="own-region", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield server


@pytest.fixture
def store(server, certificates, monkeypatch):
    """Makes the artifact store of stacks/kubeflow.yaml, its keys in the environment as a pod's role would have them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    made = []

    def make(**variables):
        given = {"S3_ENDPOINT_URL": server.url, "S3_REGION": "eu-central-1", "S3_CA_BUNDLE": str(certificates[0])}
        environment = REQUIRED | {"S3_BUCKET_URI": "s3://own-region/prefix"} | given | variables
        settings = read_stack("kubeflow", environment).components["artifact_store"].config
        kind, now = StackComponentType.ARTIFACT_STORE, datetime.now(UTC)
        config = S3ArtifactStoreConfig(**settings)
        made.append(S3ArtifactStore("s3", uuid.uuid4(), config, "s3", kind, user=None, created=now, updated=now))
        return made[-1]

    yield make
    for each in made:
        each.cleanup()


def put(store):
    with store.open("s3://own-region/prefix/rows.parquet", "wb") as file:
        ROWS.write_parquet(file)


def test_s3fs_and_boto3_trust_the_bundle_and_get_region_time_outs_and_retries(store, server):
    made = store(S3_ADDRESSING_STYLE="path")

    put(made)

    assert made.size("s3://own-region/prefix/rows.parquet") > 0
    assert made.is_versioned is False  # asked through boto3
    config = made.filesystem.s3.meta.config
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 8)
    assert (config.connect_timeout, config.read_timeout) == (10, 60)
    assert config.region_name == made._boto3_bucket.meta.client.meta.region_name == "eu-central-1"


def test_without_the_bundle_the_server_is_not_trusted(store, monkeypatch):
    import ssl

    from botocore.exceptions import SSLError

    distrustful = store(S3_CA_BUNDLE="")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises((SSLError, ssl.SSLError)):
        distrustful._boto3_bucket.meta.client.head_bucket(Bucket="own-region")


@pytest.mark.parametrize("style", ["path", "auto"])
def test_a_server_of_ones_own_is_asked_by_path(store, server, style):
    made = store(S3_ADDRESSING_STYLE=style)
    server.hosts.clear()

    put(made)

    assert server.hosts
    assert [
        each for each in server.hosts if not each.startswith(f"{server.url.removeprefix('https://')}/own-region")
    ] == []


READ = """
import json, sys
from types import SimpleNamespace
import polars as pl
from steps.storage.artifacts import _storage_options
config = SimpleNamespace(SUPPORTED_SCHEMES={"s3://"}, bucket="own-region", **json.loads(sys.argv[1]))
store = SimpleNamespace(config=config, get_credentials=lambda: ("k", "s", None, None))
options = _storage_options(store) | json.loads(sys.argv[2])
print(pl.scan_parquet("s3://own-region/prefix/rows.parquet", storage_options=options).collect()["a"].to_list())
"""


def read_with_polars(store, **options):
    """In a process of its own, since which authorities are trusted is a matter of the environment."""
    settings = store.config.model_dump_json(include={"client_kwargs", "config_kwargs"})
    return subprocess.run(
        [sys.executable, "-c", READ, settings, json.dumps(options)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("style", ["path", "auto"])
def test_polars_reads_with_the_same_settings(store, style):
    made = store(S3_ADDRESSING_STYLE=style)
    put(made)

    told = read_with_polars(made)

    assert told.stdout.strip() == "[1, 2, 3]", told.stderr


def test_the_bucket_goes_into_the_host_if_that_is_wanted(store):
    """Names below localhost are not known everywhere, so the requests go to a server that plays the proxy."""
    made = store(S3_ADDRESSING_STYLE="virtual", S3_ENDPOINT_URL="http://s3.test", S3_CA_BUNDLE="")

    with s3_server() as proxy:
        told = read_with_polars(made, proxy_url=proxy.url.replace("localhost", "127.0.0.1"), max_retries=0)

    assert {each.split("/")[0] for each in proxy.hosts} == {"own-region.s3.test"}, told.stderr
    url = made.filesystem.url("s3://own-region/key")
    assert url.startswith("http://own-region.s3.test/key?")


def test_what_is_trusted_already_stays_trusted(store, certificates, tmp_path, monkeypatch):
    mine = tmp_path / "mine.pem"
    mine.write_text("mine")
    monkeypatch.setenv("SSL_CERT_FILE", str(mine))

    _storage_options(store())
    both = os.environ["SSL_CERT_FILE"]
    _storage_options(store())

    assert Path(both).read_bytes() == b"mine\n" + certificates[0].read_bytes()
    assert os.environ["SSL_CERT_FILE"] == both


def test_a_server_that_is_overloaded_for_a_while_is_asked_again(store, server):
    made = store()
    put(made)
    server.refuse = 3

    with made.open("s3://own-region/prefix/rows.parquet", "rb") as file:
        assert pl.read_parquet(file).equals(ROWS)

    assert server.refuse == 0


def test_botocore_knows_each_setting():
    settings = (
        read_stack("kubeflow", REQUIRED | {"S3_BUCKET_URI": "s3://own-region"}).components["artifact_store"].config
    )

    assert Config(**settings["config_kwargs"]).s3 == {"addressing_style": "auto"}
