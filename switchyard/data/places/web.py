"""The file of a source behind an http:// or https:// address."""

from __future__ import annotations

import hashlib
import shutil
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast

from switchyard.data.places.files import File
from switchyard.errors import InputError

_TIMEOUT = 15
_CHUNK = 1 << 20


def find(uri: str, wanted: str, root: Path) -> list[File]:
    """The one file that an http address means.

    Args:
        uri: The address.
        wanted: Not used; the address is a file's.
        root: Not used.

    Raises:
        InputError: If the server cannot be reached or does not have it.
    """
    with _open(uri, {"Accept-Encoding": "identity"}) as answer:
        marks = [answer.headers.get(name) for name in ("ETag", "Last-Modified", "Content-Length")]
        size = int(marks[2]) if marks[2] else -1
        if marks[0] or (marks[1] and marks[2]):
            return [File(uri, uri, size, " ".join(mark or "-" for mark in marks))]
        digest = hashlib.blake2b(digest_size=20)
        size = 0
        while chunk := answer.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return [File(uri, uri, size, digest.hexdigest())]


def read(path: str, start: int, length: int) -> bytes:
    """Some bytes of the file; a negative start counts from the end.

    A server that knows no ranges sends everything: then the start is read and skipped.
    """
    span = f"bytes={start}-{start + length - 1}" if start >= 0 else f"bytes={start}"
    with _open(path, {"Range": span, "Accept-Encoding": "identity"}) as answer:
        if answer.status == 206:
            return answer.read(length)
        if start >= 0:
            answer.read(start)
            return answer.read(length)
        kept = b""
        while chunk := answer.read(_CHUNK):
            kept = (kept + chunk)[start:]
        return kept[:length]


def download(path: str, destination: Path) -> None:
    """Copy the file to the disk.

    Raises:
        InputError: If the server cannot be reached, or stops before the end.
    """
    with _open(path, {"Accept-Encoding": "identity"}) as answer, destination.open("wb") as copy:
        shutil.copyfileobj(answer, copy, _CHUNK)
        length = answer.headers.get("Content-Length")
        if length and int(length) != copy.tell():
            raise InputError(f"{path} broke off after {copy.tell():,} of {int(length):,} bytes: try again.")


def _open(url: str, headers: dict[str, str]) -> HTTPResponse:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "switchyard", **headers})
        return cast(HTTPResponse, urllib.request.urlopen(request, timeout=_TIMEOUT))
    except urllib.error.HTTPError as error:
        raise InputError(
            f"{url} cannot be read: the server answers {error.code} {error.reason}, so correct data.uri."
        ) from error
    except urllib.error.URLError as error:
        raise InputError(f"{url} cannot be reached ({error.reason}): check data.uri and the network.") from error
    except (HTTPException, OSError, ValueError) as error:
        raise InputError(f"{url} cannot be read ({error}): check data.uri and the network.") from error
