"""Which place a URI names, and how files there are found and read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from switchyard.data.places import local, s3, web
from switchyard.data.places.files import File
from switchyard.errors import InputError


class Place(NamedTuple):
    """How one kind of URI is looked up and read."""

    find: Callable[[str, str, Path], list[File]]
    read: Callable[[str, int, int], bytes]


LOCAL = Place(local.find, local.read)
_S3 = Place(s3.find, s3.read)
_WEB = Place(web.find, web.read)


def place_of(uri: str) -> Place:
    """The place that a URI names.

    Raises:
        InputError: Its scheme is unknown.
    """
    scheme, colon, _ = uri.partition("://")
    if not colon:
        return LOCAL
    places = {"file": LOCAL, "s3": _S3, "http": _WEB, "https": _WEB}
    if scheme.lower() not in places:
        raise InputError(
            f"data.uri {uri!r} begins with {scheme}://, which is unknown: use a path, s3://, https:// or http://."
        )
    return places[scheme.lower()]
