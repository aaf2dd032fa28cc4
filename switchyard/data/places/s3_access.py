"""Where S3 is, and with which keys it is asked.

The environment's `AWS_` variables decide. Where none says who asks or where, a source is read as the artifacts are
kept: with what a step takes from its stack (`using`), or else with the `S3_` variables that stack files are filled in
from. One place gives all of it, so that nobody's keys are sent to somebody else's server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_DECIDING = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_PROFILE")
DEFAULT_REGION = "us-east-1"
"""What boto3 and Polars are told where nobody names one; servers that are not Amazon's take any."""


@dataclass(frozen=True)
class S3Access:
    """How a bucket is reached; what is empty is left to boto3's own search (a role, `~/.aws`).

    Attributes:
        endpoint: URL of the server; empty: Amazon's.
        region: Of the bucket.
        key: The access key's id.
        secret: What belongs to it.
        token: Of a session.
        profile: Of `~/.aws/config`.
        bundle: A PEM file with the authorities of the endpoint.
        addressing: `path`, `virtual` or `auto`.
    """

    endpoint: str = ""
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    profile: str = ""
    bundle: str = ""
    addressing: str = "auto"

    def storage_options(self, bucket: str) -> dict[str, str]:
        """What Polars needs to read from a bucket; never kept or recorded."""
        by_host, endpoint = self.addressing == "virtual", self.endpoint
        if endpoint and by_host:  # Polars takes the endpoint as it is, boto3 puts the bucket's name before it
            endpoint = endpoint.replace("://", f"://{bucket}.", 1)
        options = {
            "aws_access_key_id": self.key,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
            "aws_region": self.region or DEFAULT_REGION,
            "aws_endpoint_url": endpoint,
            "aws_allow_http": "true" if endpoint.startswith("http://") else "",
            "aws_virtual_hosted_style_request": "true" if by_host else "",
        }
        return {name: value for name, value in options.items() if value}


_given: S3Access | None = None


@contextmanager
def using(access: S3Access | None) -> Iterator[None]:
    """Gives the rest of the block, its threads included, the access of the stack; None: there is none."""
    global _given  # a context variable would not reach the threads that read
    before, _given = _given, access
    try:
        yield
    finally:
        _given = before


def current() -> S3Access:
    """The access that holds now."""
    if any(os.environ.get(name) for name in _DECIDING):
        return S3Access(
            endpoint=variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
            region=variable("AWS_REGION", "AWS_DEFAULT_REGION"),
            key=variable("AWS_ACCESS_KEY_ID"),
            secret=variable("AWS_SECRET_ACCESS_KEY"),
            token=variable("AWS_SESSION_TOKEN"),
            profile=variable("AWS_PROFILE"),
        )
    if _given is not None:
        return _given
    return S3Access(
        endpoint=variable("S3_ENDPOINT_URL"),
        region=variable("S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
        key=variable("S3_ACCESS_KEY_ID"),
        secret=variable("S3_SECRET_ACCESS_KEY"),
        bundle=variable("S3_CA_BUNDLE"),
        addressing=variable("S3_ADDRESSING_STYLE") or "auto",
    )


def variable(*names: str) -> str:
    """The first of these variables of the environment that is set and not empty; "" if none is."""
    return next((os.environ[name] for name in names if os.environ.get(name)), "")
