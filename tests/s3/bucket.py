"""A bucket on this machine, for tests of whatever reads from one."""

import urllib.request
from contextlib import contextmanager

import pytest

from tests.s3.server import moto


class Bucket:
    """The bucket `data` of a server that is started for the test run."""

    def __init__(self, endpoint: str):
        import boto3

        self.endpoint = endpoint
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test-key",
            aws_secret_access_key="test-secret",
        )
        self.client.create_bucket(Bucket="data")

    def put(self, key: str, content: str | bytes) -> None:
        self.client.put_object(Bucket="data", Key=key, Body=content)

    @contextmanager
    def refusing(self):
        """Every request is refused, as with keys that may not read."""
        self._tell("reset-auth", b"0")
        yield
        self._tell("reset-auth", b"1e9")

    def clear(self) -> None:
        self._tell("reset", b"")

    def _tell(self, what: str, body: bytes) -> None:
        request = urllib.request.Request(f"{self.endpoint}/moto-api/{what}", body, {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=10):
            pass


@pytest.fixture(scope="session")
def s3_server():
    with moto() as url:
        yield url


@pytest.fixture
def bucket(s3_server, monkeypatch):
    """An empty bucket, and the environment that leads to it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    found = Bucket(s3_server)
    yield found
    found.clear()
