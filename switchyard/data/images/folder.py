"""Images in folders, one a class, on this machine or in a bucket."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from switchyard.data.images.items import MAX_BYTES, Entry, Item, class_depth, is_hidden, labelled, shown
from switchyard.data.places import local as local_files
from switchyard.data.places import s3 as s3_files
from switchyard.errors import InputError

_AT_A_TIME = 16  # requests to a bucket; each waits for the network, not for the processor
_AHEAD = 64


def local_entries(folder: Path, name: str) -> list[Entry]:
    """The files of the class folders below a folder, by path.

    Links to files within the folder are read; links that lead out of it, to nothing, or to a folder are listed
    with that as their problem.

    Raises:
        InputError: There is none, or a class folder is empty.
    """
    found, empty = _walk(folder)
    labels = labelled(found)
    _require_some(name, found, labels)
    depth = class_depth(found)
    classes = [path for path in empty if path.count("/") == depth]
    if classes:
        raise InputError(
            f"{name}/{shown(classes[0])} is an empty folder: put the images of this class there, or remove it."
        )
    top = folder.resolve()
    return [_local_entry(folder, top, path, *labels[path]) for path in found if path in labels]


def bucket_entries(uri: str) -> list[Entry]:
    """The objects below `s3://bucket/folder`, by key; errors as of `local_entries`."""
    start = f"{uri.rstrip('/')}/"
    listed = {file.path.removeprefix(start): file for file in s3_files.below(uri)}
    found = {path: file for path, file in listed.items() if not is_hidden(path)}
    labels = labelled(found)
    _require_some(uri, list(found), labels)
    entries = []
    for path, (label, problem) in labels.items():
        file = found[path]
        problem = problem or (_too_large(file.size) if file.size > MAX_BYTES else "")
        entries.append(Entry(shown(path), label, file.path, file.fingerprint, problem))
    return entries


def read_entries(entries: Iterable[Entry]) -> Iterator[Item]:
    """The content of each, in the same order; objects of a bucket are fetched some ahead.

    Raises:
        InputError: The bucket cannot be read any more.
    """
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        waiting: deque[tuple[Entry, Future[bytes] | None]] = deque()
        for entry in entries:
            remote = not entry.problem and entry.location.startswith("s3://")
            waiting.append((entry, pool.submit(s3_files.content, entry.location) if remote else None))
            if len(waiting) > _AHEAD:
                yield _item(*waiting.popleft())
        while waiting:
            yield _item(*waiting.popleft())


def read_local(path: Path) -> tuple[bytes | None, str]:
    """The content of a file, or why there is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return None, "is no file"
        if status.st_size > MAX_BYTES:
            return None, _too_large(status.st_size)
        return path.read_bytes(), ""
    except OSError as error:
        return None, f"cannot be read ({error.strerror})"


def _item(entry: Entry, fetched: Future[bytes] | None) -> Item:
    if entry.problem:
        return Item(entry.path, entry.label, None, entry.problem)
    if fetched is not None:
        return Item(entry.path, entry.label, fetched.result())
    content, problem = read_local(Path(entry.location))
    return Item(entry.path, entry.label, content, problem)


def _walk(folder: Path) -> tuple[list[str], list[str]]:
    """The paths of all files and links to folders, and of folders with nothing in them, sorted."""
    found, empty = [], []
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not is_hidden(name)]
        files = [name for name in files if not is_hidden(name)]
        if not folders and not files and place != str(folder):
            empty.append(here.as_posix())
        links = [name for name in folders if Path(place, name).is_symlink()]
        found += [(here / name).as_posix() for name in (*files, *links)]
    return sorted(found), sorted(empty)


def _local_entry(folder: Path, top: Path, path: str, label: str, problem: str) -> Entry:
    place = folder / path
    fingerprint = ""
    if not problem and place.is_symlink():
        problem = _link_problem(place, top)
    if not problem and not place.is_file():
        problem = "is no file"
    if not problem:
        try:
            fingerprint = local_files.file_at(place, folder).fingerprint
        except (InputError, OSError):
            problem = "cannot be read by this user"
    return Entry(shown(path), label, str(place), fingerprint, problem)


def _link_problem(place: Path, top: Path) -> str:
    target = place.resolve()
    if not target.exists():
        return "is a link to nothing"
    if target.is_dir():
        return "is a link to a folder, which is not followed"
    return "" if target.is_relative_to(top) else "is a link that leads out of the folder of the images"


def _too_large(size: int) -> str:
    return f"has {size:,} bytes, and at most {MAX_BYTES:,} are read"


def _require_some(name: str, found: list[str], labels: dict[str, tuple[str, str]]) -> None:
    if not found:
        raise InputError(f"{name} holds no file: put one folder for each class there, with its images in it.")
    if not any(label for label, _ in labels.values()):
        raise InputError(
            f"{name} holds files ({', '.join(map(shown, found[:3]))}) but no folders: "
            "move the images into one folder for each class, or give a CSV of paths and labels."
        )
