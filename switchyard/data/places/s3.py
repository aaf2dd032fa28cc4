"""The files of a source in a bucket: a key, a prefix or a glob."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from switchyard.data.places import s3_access
from switchyard.data.places.files import File, tables_of
from switchyard.errors import InputError

Answer = TypeVar("Answer")
_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def find(uri: str, wanted: str, root: Path) -> list[File]:
    """The files that an `s3://bucket/…` URI means, in the order of their keys.

    Args:
        uri: A key, a prefix (a folder) or a glob.
        wanted: `data.format`.
        root: Not used; a bucket has no relative paths.

    Raises:
        InputError: If the bucket cannot be read, or nothing is there.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise InputError(f"data.uri {uri!r} names no bucket: write s3://BUCKET/KEY.")
    magic = next((place for place, letter in enumerate(key) if letter in "*?["), None)
    listed = _list(uri, bucket, key if magic is None else key[:magic])
    if magic is not None:
        chosen = [item for item in listed if _matches(item.name, f"s3://{bucket}/{key}")]
        if not chosen:
            raise InputError(f"{uri} matches no object: correct the glob in data.uri.")
        return chosen
    exact = [item for item in listed if item.path == uri]
    if exact:
        return exact
    folder = f"s3://{bucket}/{key.rstrip('/')}/" if key else f"s3://{bucket}/"
    inside = [(item.path, item) for item in listed if item.path.startswith(folder)]
    if not inside:
        raise InputError(
            f"{uri} is missing: the bucket {bucket!r} can be read but has no such key or folder, so correct data.uri."
        )
    return tables_of(uri, inside, wanted)


def below(uri: str) -> list[File]:
    """Every object below an `s3://bucket/folder`, in the order of their keys.

    Raises:
        InputError: If the bucket cannot be read.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket:
        raise InputError(f"data.uri {uri!r} names no bucket: write s3://BUCKET/KEY.")
    return _list(uri, bucket, f"{key.rstrip('/')}/" if key else "")


def content(path: str) -> bytes:
    """A whole object.

    Raises:
        InputError: If it cannot be read.
    """
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return bytes(_ask(path, bucket, lambda client: client.get_object(Bucket=bucket, Key=key)["Body"].read()))


def read(path: str, start: int, length: int) -> bytes:
    """Some bytes of an object; a negative start counts from the end."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    span = f"bytes={start}-{start + length - 1}" if start >= 0 else f"bytes={start}"
    body = _ask(path, bucket, lambda client: client.get_object(Bucket=bucket, Key=key, Range=span)["Body"].read())
    return bytes(body[:length])


def download(path: str, destination: Path) -> None:
    """Copy an object to the disk.

    Raises:
        InputError: If it cannot be read.
    """
    bucket, _, key = path.removeprefix("s3://").partition("/")
    _ask(path, bucket, lambda client: client.download_file(bucket, key, str(destination)))


def _matches(name: str, pattern: str) -> bool:
    """A glob in which, unlike fnmatch, `*` stops at a slash; `**` is any number of folders."""
    if "**" in pattern:
        return fnmatch.fnmatchcase(name, pattern.replace("**/", "*"))
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


def _list(uri: str, bucket: str, prefix: str) -> list[File]:
    def pages(client: Any) -> list[File]:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        found = []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                path = f"s3://{bucket}/{item['Key']}"
                if not path.endswith("/"):
                    found.append(File(path, path, item["Size"], f"{item['ETag']} {item['Size']}"))
        return sorted(found, key=lambda item: item.path)

    return _ask(uri, bucket, pages)


def _ask(uri: str, bucket: str, request: Callable[[Any], Answer]) -> Answer:
    """The answer of the S3 service, or its refusal as one sentence."""
    from botocore import exceptions

    try:
        return request(_client(s3_access.current()))
    except exceptions.ClientError as error:
        raise _refused(uri, bucket, str(error.response["Error"]["Code"])) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise InputError(f"{uri} cannot be read without keys: set {_KEYS} in the environment.") from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        where = s3_access.current().endpoint or "Amazon's S3 (AWS_ENDPOINT_URL is not set)"
        raise InputError(
            f"{uri} cannot be reached: no answer from {where}, so check AWS_ENDPOINT_URL and the network."
        ) from error
    except (exceptions.BotoCoreError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{uri} cannot be read ({reason}): check data.uri, AWS_ENDPOINT_URL, AWS_REGION, {_KEYS}."
        ) from error


@lru_cache(maxsize=4)
def _client(access: s3_access.S3Access) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
    """A client that gives up soon.

    Its session is its own: boto3's default one remembers the keys that it saw first.
    """
    import boto3
    from botocore.config import Config

    keys: dict[str, str | None] = {"profile_name": access.profile or None}
    if access.key and access.secret:
        keys = {
            "aws_access_key_id": access.key,
            "aws_secret_access_key": access.secret,
            "aws_session_token": access.token or None,
        }
    return boto3.session.Session(**keys).client(
        "s3",
        region_name=access.region or (None if access.profile else s3_access.DEFAULT_REGION),
        endpoint_url=access.endpoint or None,
        verify=access.bundle or None,
        config=Config(
            connect_timeout=3,
            read_timeout=20,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": access.addressing},
        ),
    )


def _refused(uri: str, bucket: str, code: str) -> InputError:
    if code == "NoSuchBucket":
        return InputError(
            f"{uri} is missing: there is no bucket {bucket!r} at this endpoint, "
            "so correct data.uri or AWS_ENDPOINT_URL."
        )
    if code in ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        return InputError(
            f"{uri} cannot be read: the bucket {bucket!r} refuses these keys ({code}), "
            f"so check {_KEYS} and the bucket's policy."
        )
    return InputError(
        f"{uri} cannot be read: S3 answers {code}, so check data.uri, AWS_ENDPOINT_URL, AWS_REGION, {_KEYS}."
    )
