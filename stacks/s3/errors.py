"""Why S3 did not do as it was asked, and what to do about it."""

from __future__ import annotations

from typing import Any

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


def explain(error: Exception, doing: str, bucket: str, where: str) -> tuple[str, str]:
    """What botocore raised, in words.

    Args:
        error: Of botocore, or of a socket.
        doing: `list`, `put`, `read` or `delete`.
        bucket: Its name.
        where: The endpoint.

    Returns:
        What was found, and what to do.
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _refused(error, doing, bucket, where)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return (
            "there are no credentials for S3, and no role of this machine",
            "set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY",
        )
    if isinstance(error, exceptions.SSLError):
        return (
            f"the certificate of {where} is not trusted",
            "point S3_CA_BUNDLE to a file with its certificate authority",
        )
    if isinstance(
        error,
        exceptions.EndpointConnectionError
        | exceptions.ConnectTimeoutError
        | exceptions.ReadTimeoutError
        | exceptions.ConnectionClosedError,
    ):
        return f"{where} does not answer ({type(error).__name__})", "correct S3_ENDPOINT_URL, or start it"
    return f"S3 cannot be spoken to ({error})", "correct the variables S3_…"


def _refused(error: Any, doing: str, bucket: str, where: str) -> tuple[str, str]:  # noqa: ANN401 - botocore's ClientError
    told = error.response.get("Error", {})
    code, status = str(told.get("Code", "")), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code in _CODES:
        seen, advice = _CODES[code]
        return f"{where} {seen.format(bucket=bucket)}", advice
    if status == 403:
        return (
            f"{where} does not let these credentials {doing} objects in {bucket}",
            f"give them {_RIGHTS[doing]} on it",
        )
    return f"{where} refuses to {doing} an object in {bucket} ({code}: {told.get('Message', status)})", "see its log"
