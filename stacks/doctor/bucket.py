"""The bucket: an object can be put there, listed, read and deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target
from stacks.s3.errors import explain

_QUICK = {"retries": {"mode": "standard", "total_max_attempts": 2}, "connect_timeout": 5, "read_timeout": 10}


def look(target: Target) -> Finding | None:
    """Puts a probe object below the artifact store's path, and deletes it whatever happens."""
    if not target.has("artifact_store", "s3"):
        return None
    from botocore.exceptions import BotoCoreError, ClientError

    settings = target.settings("artifact_store")
    bundle = (settings.get("client_kwargs") or {}).get("verify")
    if isinstance(bundle, str) and not Path(bundle).is_file():
        return failed(f"S3_CA_BUNDLE is {bundle}, and there is no such file", "correct it")
    path = str(settings["path"])
    bucket, _, prefix = path.removeprefix("s3://").rstrip("/").partition("/")
    probe = f"{prefix}/.switchyard-doctor/{uuid.uuid4().hex}".lstrip("/")
    doing = "list"
    place = {"Bucket": bucket, "Key": probe}
    try:
        client = _client(target)
        client.list_objects_v2(Bucket=bucket, Prefix=probe, MaxKeys=1)
        doing = "put"
        client.put_object(**place, Body=b"probe")
        refused = _try(lambda: client.get_object(**place)["Body"].read())
        doing = "delete"
        client.delete_object(**place)
    except (BotoCoreError, ClientError, OSError, ValueError) as error:
        return failed(*explain(error, doing, bucket, _where(target)))
    if refused:
        return failed(*explain(refused, "read", bucket, _where(target)))
    return ok(f"{path} at {_where(target)}: an object was put, read and deleted")


def _try(action: Callable[[], object]) -> Exception | None:
    """What goes wrong must not keep the probe from being deleted."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        action()
    except (BotoCoreError, ClientError, OSError) as error:
        return error
    return None


def _client(target: Target) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    """As the artifact store would make it, but for the patience."""
    import boto3
    from botocore.config import Config

    settings = target.settings("artifact_store")
    secret = target.secret(str(settings.get("authentication_secret") or ""))
    return boto3.session.Session().client(  # the default session remembers the keys that it has once found
        "s3",
        aws_access_key_id=secret.get("aws_access_key_id") or settings.get("key"),
        aws_secret_access_key=secret.get("aws_secret_access_key") or settings.get("secret"),
        aws_session_token=secret.get("aws_session_token") or settings.get("token"),
        config=Config(**{**(settings.get("config_kwargs") or {}), **_QUICK}),
        **(settings.get("client_kwargs") or {}),
    )


def _where(target: Target) -> str:
    return (target.settings("artifact_store").get("client_kwargs") or {}).get("endpoint_url") or "Amazon S3"
