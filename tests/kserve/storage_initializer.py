"""What KServe's storage initializer does: `python -m tests.kserve.storage_initializer s3://BUCKET/PREFIX FOLDER`.

The keys are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the server in AWS_ENDPOINT_URL, as KServe sets them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def download(uri: str, folder: Path) -> int:
    """Copies every object under a prefix; how many there were."""
    import boto3
    from botocore.config import Config

    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    config = Config(connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2})
    endpoint, region = os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    client = boto3.session.Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)
    count = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            target = folder / item["Key"].removeprefix(prefix).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, item["Key"], str(target))
            count += 1
    return count


def main() -> int:
    uri, folder = sys.argv[1], Path(sys.argv[2])
    try:
        if not download(uri, folder):
            print(f"RuntimeError: Failed to fetch model. No model found in {uri}.", file=sys.stderr)
            return 1
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
