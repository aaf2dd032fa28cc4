"""One image of a source on its way to the table, and what its path says about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

# Beyond any photograph; what claims to be larger is not read into memory.
MAX_BYTES = 256 << 20
_SUFFIXES = (
    *(".bmp", ".dib", ".gif", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp"),
    *(".pbm", ".pgm", ".ppm", ".pnm", ".tif", ".tiff"),
)
_LEFT_BY_SYSTEMS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"}


@dataclass(frozen=True)
class Item:
    """An image as the source has it.

    Attributes:
        path: Where it came from: relative to the folder or archive, or file and row of a table.
        label: Its class.
        content: The encoded bytes; None if there is a problem.
        problem: Why it cannot be read, completing a sentence that begins with the path; otherwise empty.
    """

    path: str
    label: str
    content: bytes | None
    problem: str = ""


@dataclass(frozen=True)
class Entry:
    """An image that is listed but not read yet.

    Attributes:
        path: As of `Item`.
        label: As of `Item`.
        location: An absolute path, an `s3://` address, or the name of a member of an archive.
        fingerprint: Changes when the content does.
        problem: As of `Item`.
    """

    path: str
    label: str
    location: str
    fingerprint: str = ""
    problem: str = ""


def is_hidden(path: str) -> bool:
    """Whether any part of a path is what systems leave behind: `.DS_Store`, `Thumbs.db`, `__MACOSX` and the like."""
    return any(part.startswith(".") or part.lower() in _LEFT_BY_SYSTEMS for part in PurePosixPath(path).parts)


def shown(path: str) -> str:
    """A path as text that any file can hold: composed accents, and U+FFFD for bytes that are no UTF-8."""
    return unicodedata.normalize("NFC", path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def labelled(paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The class of each file, which is the name of the outermost folder that tells files apart.

    A single folder around all class folders, as most archives have it, is no class. Files beside the class
    folders have none; those that do not even look like images by their name (a README, say) are left out.

    Args:
        paths: With slashes, relative to the folder or archive, without hidden ones.

    Returns:
        Path to label and problem, one of which is empty.
    """
    paths = list(paths)
    parts = {path: PurePosixPath(path).parts for path in paths}
    depth = class_depth(paths)
    found = {}
    for path, names in parts.items():
        if len(names) > depth + 1:
            found[path] = (shown(names[depth]), "")
        elif names[-1].lower().endswith(_SUFFIXES):
            found[path] = ("", "lies in no folder of a class: put it into one, or remove it")
    return found


def class_depth(paths: Sequence[str]) -> int:
    """How many folders stand around all class folders."""
    parts = [PurePosixPath(path).parts for path in paths]
    depth = 0
    while True:
        below = [names for names in parts if len(names) > depth + 1]
        nested = any(len(names) > depth + 2 for names in below)
        if not nested or len({names[depth] for names in below}) != 1:
            return depth
        depth += 1
