"""The files of a source on this machine: one file, a glob or a folder."""

from __future__ import annotations

import difflib
import glob
import hashlib
from collections.abc import Sequence
from pathlib import Path

from switchyard.data.places.files import File, format_of, tables_of
from switchyard.errors import InputError

_CHUNK = 1 << 20


def find(uri: str, wanted: str, root: Path) -> list[File]:
    """The files that a local `data.uri` means, in the order in which they are read.

    Args:
        uri: A path or glob; relative to `root`.
        wanted: `data.format`.
        root: The folder that relative paths start from.

    Raises:
        InputError: If there is nothing, or nothing readable.
    """
    bare = uri.removeprefix("file://")
    path = root / Path(bare).expanduser()
    if path.is_dir():
        inside = [(item.name, item) for item in sorted(path.iterdir()) if item.is_file()]
        return [file_at(item, root) for item in tables_of(_shown(path, root), inside, wanted)]
    if path.is_file():
        return [file_at(path, root)]
    if glob.has_magic(bare):
        return [file_at(item, root) for item in _matches(uri, path, wanted)]
    raise InputError(_missing(uri, path))


def read(path: str, start: int, length: int) -> bytes:
    """Some bytes of a file; a negative start counts from the end."""
    with Path(path).open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(start if start >= 0 else max(0, size + start))
        return stream.read(length)


def file_at(path: Path, root: Path) -> File:
    """A file and the hash of its content; its name is relative to `root` where it can be.

    Raises:
        InputError: If it cannot be read.
    """
    name = _shown(path, root)
    digest = hashlib.blake2b(digest_size=20)
    size = 0
    try:
        with path.open("rb", buffering=0) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except PermissionError as error:
        raise InputError(f"{name} cannot be read by this user: change its permissions, or correct data.uri.") from error
    return File(str(path.absolute()), name, size, digest.hexdigest())


def _shown(path: Path, root: Path) -> str:
    try:
        return str(path.relative_to(root))
    except ValueError:
        return str(path)


def _matches(uri: str, path: Path, wanted: str) -> list[Path]:
    names = glob.glob(str(path), recursive=True)  # noqa: PTH207 - takes absolute patterns, too
    found = [item for item in sorted(map(Path, names)) if item.is_file()]
    if not found:
        raise InputError(f"{uri} matches no file: correct the glob in data.uri{_beside(path.parent, path.name)}.")
    tables = [item for item in found if format_of(item.name) is not None]
    if wanted == "auto" and tables:
        return tables
    return found


def _missing(uri: str, path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        while not folder.is_dir():
            folder = folder.parent
        return f"{uri} is missing, and so is its folder {path.parent.name!r}: correct data.uri."
    return f"{uri} is missing: correct data.uri{_beside(folder, path.name)}."


def _beside(folder: Path, name: str) -> str:
    if not folder.is_dir():
        return ""
    names = sorted(item.name for item in folder.iterdir() if not item.name.startswith("."))
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (beside it lie {_listed(names)})" if names else " (its folder is empty)"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
