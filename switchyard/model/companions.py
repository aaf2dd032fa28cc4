"""Files that lie beside a graph and belong to the model: the index of a gallery that is too large for the graph.

The metadata that the graph carries names each with its SHA-256. So the graph's own digest, by which a version is known,
covers them, and a file of another version is not taken for this one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from switchyard.errors import SwitchyardError


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """The SHA-256 of each file by its name, for the metadata."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def named_by(metadata: Mapping[str, Any]) -> dict[str, str]:
    """The files that a metadata names, with their digests; none if everything lies in the graph."""
    return dict((metadata.get("gallery") or {}).get("files") or {})


def read_companions(metadata: Mapping[str, Any], read: Callable[[str], bytes], place: str) -> dict[str, bytes]:
    """The files that a metadata names.

    Args:
        metadata: The graph's.
        read: From a name to the content.
        place: The folder that they lie in, for the error.

    Raises:
        SwitchyardError: One is not there, or is not the one that the metadata names.
    """
    found = {}
    for name, digest in named_by(metadata).items():
        try:
            found[name] = read(name)
        except OSError as error:
            raise _missing(place, name) from error
        _compare(place, name, digest, hashlib.sha256(found[name]).hexdigest())
    return found


def check_companions(metadata: Mapping[str, Any], folder: Path) -> None:
    """The same for files that are read by somebody else: only a block of one is in memory.

    Raises:
        SwitchyardError: One is not there, or is not the one that the metadata names.
    """
    for name, digest in named_by(metadata).items():
        try:
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _missing(str(folder), name) from error
        _compare(str(folder), name, digest, found)


def _compare(place: str, name: str, digest: str, found: str) -> None:
    if found != digest:
        raise SwitchyardError(
            f"{place}/{name} is not the file that its model.onnx was made with: the SHA-256 is {found[:12]}…, "
            f"and {digest[:12]}… was expected; put that one back, or index again"
        )


def _missing(place: str, name: str) -> SwitchyardError:
    return SwitchyardError(
        f"{place}/{name} is not there, and its model.onnx cannot answer without it; put it back, or index again"
    )
