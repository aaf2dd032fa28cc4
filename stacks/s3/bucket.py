"""Whether the active stack's bucket is there, asked before anything runs.

ZenML would ask it first while it uploads the code, for minutes if nobody answers, and makes a bucket that is missing.
"""

from __future__ import annotations

from typing import Any

from zenml.client import Client

from stacks.s3.errors import explain
from switchyard.errors import SwitchyardError

_PATIENCE = {"retries": {"mode": "standard", "total_max_attempts": 4}, "connect_timeout": 5, "read_timeout": 10}


def require_bucket() -> None:
    """Looks for one object; a stack without S3 has nothing to look for.

    Raises:
        SwitchyardError: The bucket is not there, cannot be reached, or does not open for these credentials.
    """
    if trouble := bucket_trouble():
        raise SwitchyardError(f"{trouble}; nothing was run")


def bucket_trouble() -> str:
    """What is wrong with the bucket, and what to do about it; empty if nothing is."""
    store: Any = Client().active_stack.artifact_store
    if store.flavor != "s3":
        return ""
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = str(store.path).removeprefix("s3://").partition("/")
    try:
        _client(store).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except (BotoCoreError, ClientError, OSError, ValueError) as error:
        where = (store.config.client_kwargs or {}).get("endpoint_url") or "Amazon S3"
        seen, advice = explain(error, "list", bucket, where)
        return f"artifact store {store.name}: {seen}; {advice}"
    return ""


def _client(store: Any) -> Any:  # noqa: ANN401 - a flavor that may not be installed; boto3 makes classes at run time
    import boto3
    from botocore.config import Config

    key, secret, token, region = store.get_credentials()
    return boto3.session.Session().client(
        "s3",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(**{**(store.config.config_kwargs or {}), **_PATIENCE}),
        **{"region_name": region, **(store.config.client_kwargs or {})},
    )
