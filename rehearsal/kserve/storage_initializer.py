"""What KServe's storage initializer does: `python -m rehearsal.kserve.storage_initializer s3://BUCKET/PREFIX FOLDER`.

The keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server in AWS_ENDPOINT_URL, as KServe sets them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def download(uri: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Copies every object under a prefix.

    Returns:
        Why it could not; empty if it could.
    """
    try:
        count = _copy(uri, folder, environment)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "" if count else f"RuntimeError: Failed to fetch model. No model found in {uri}."


def _copy(uri: str, folder: Path, environment: Mapping[str, str]) -> int:
    import boto3
    from botocore.config import Config

    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    config = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=environment.get("AWS_ENDPOINT_URL"),
        region_name=environment.get("AWS_DEFAULT_REGION") or "us-east-1",
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
        config=config,
    )
    count = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            target = folder / item["Key"].removeprefix(prefix).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, item["Key"], str(target))
            count += 1
    return count


def main() -> int:
    problem = download(sys.argv[1], Path(sys.argv[2]), os.environ)
    if problem:
        print(problem, file=sys.stderr)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main())
