"""An S3 server: moto's, or the one that `S3_ENDPOINT` names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from rehearsal.processes import free_port, server


@contextmanager
def s3_server(folder: Path, bucket: str) -> Iterator[dict[str, str]]:
    """A bucket to work in.

    Args:
        folder: For the server's log.
        bucket: Created if it is not there.

    Yields:
        The variables of the stack file that have to do with S3.
    """
    keys = {
        "S3_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", "rehearsal-key"),
        "S3_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", "rehearsal-secret"),
    }
    if endpoint := os.environ.get("S3_ENDPOINT"):
        yield _bucket(endpoint, bucket, keys)
        return
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with server("s3", command, endpoint, folder):
        yield _bucket(endpoint, bucket, keys)


def client(variables: dict[str, str]) -> "boto3.client":  # noqa: UP037 - boto3 makes its classes at run time
    """A boto3 client of that server."""
    return boto3.client(
        "s3",
        endpoint_url=variables["S3_ENDPOINT_URL"],
        region_name=variables["S3_REGION"],
        aws_access_key_id=variables["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["S3_SECRET_ACCESS_KEY"],
    )


def _bucket(endpoint: str, bucket: str, keys: dict[str, str]) -> dict[str, str]:
    variables = {"S3_ENDPOINT_URL": endpoint, "S3_REGION": "us-east-1", "S3_BUCKET_URI": f"s3://{bucket}", **keys}
    try:
        client(variables).create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    return variables
