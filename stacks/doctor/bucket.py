"""The bucket: an object can be put there, listed, read and deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target

_QUICK = {"retries": {"mode": "standard", "total_max_attempts": 2}, "connect_timeout": 5, "read_timeout": 10}
_KEYS = "correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"
_CODES = {
    "InvalidAccessKeyId": ("does not know the access key", _KEYS),
    "SignatureDoesNotMatch": ("refuses the secret that goes with the access key", _KEYS),
    "InvalidClientTokenId": ("does not know the access key", _KEYS),
    "ExpiredToken": ("says that the credentials have expired", "renew them"),
    "NoSuchBucket": ("has no bucket {bucket}", "create it, or correct S3_BUCKET_URI"),
    "PermanentRedirect": ("has the bucket {bucket} in another region", "correct S3_REGION"),
    "AuthorizationHeaderMalformed": ("has the bucket {bucket} in another region", "correct S3_REGION"),
    "IllegalLocationConstraintException": ("has the bucket {bucket} in another region", "correct S3_REGION"),
    "RequestTimeTooSkewed": ("says that the clock of this machine is wrong", "set the clock"),
}
_RIGHTS = {
    "list": "s3:ListBucket",
    "put": "s3:PutObject",
    "read": "s3:GetObject",
    "delete": "s3:DeleteObject",
}


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
        return _explained(error, doing, bucket, _where(target))
    if refused:
        return _explained(refused, "read", bucket, _where(target))
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
    return boto3.client(
        "s3",
        aws_access_key_id=secret.get("aws_access_key_id") or settings.get("key"),
        aws_secret_access_key=secret.get("aws_secret_access_key") or settings.get("secret"),
        aws_session_token=secret.get("aws_session_token") or settings.get("token"),
        config=Config(**{**(settings.get("config_kwargs") or {}), **_QUICK}),
        **(settings.get("client_kwargs") or {}),
    )


def _where(target: Target) -> str:
    return (target.settings("artifact_store").get("client_kwargs") or {}).get("endpoint_url") or "Amazon S3"


def _explained(error: Exception, doing: str, bucket: str, where: str) -> Finding:
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _refused(error, doing, bucket, where)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return failed(
            "there are no credentials for S3, and no role of this machine",
            "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY",
        )
    if isinstance(error, exceptions.SSLError):
        return failed(
            f"the certificate of {where} is not trusted", "point S3_CA_BUNDLE to a file with its certificate authority"
        )
    if isinstance(
        error,
        exceptions.EndpointConnectionError
        | exceptions.ConnectTimeoutError
        | exceptions.ReadTimeoutError
        | exceptions.ConnectionClosedError,
    ):
        return failed(f"{where} does not answer ({type(error).__name__})", "correct S3_ENDPOINT_URL, or start it")
    return failed(f"S3 cannot be spoken to ({error})", "correct the variables S3_…")


def _refused(error: Any, doing: str, bucket: str, where: str) -> Finding:  # noqa: ANN401 - botocore's ClientError
    told = error.response.get("Error", {})
    code, status = str(told.get("Code", "")), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _CODES:
        seen, advice = _CODES[code]
        return failed(f"{where} {seen.format(bucket=bucket)}", advice)
    if status == 403:
        return failed(
            f"{where} does not let these credentials {doing} objects in {bucket}", f"give them {_RIGHTS[doing]} on it"
        )
    return failed(
        f"{where} refuses to {doing} an object in {bucket} ({code}: {told.get('Message', status)})", "see its log"
    )
