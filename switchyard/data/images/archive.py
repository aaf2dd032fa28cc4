"""Images in a zip or tar, one folder a class; members are read where they lie and never extracted to the disk."""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from switchyard.data.images.items import MAX_BYTES, Item, is_hidden, labelled, shown
from switchyard.errors import InputError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def archive_items(path: Path, name: str) -> Iterator[Item]:
    """Every image of an archive, in the archive's order.

    Links, devices, encrypted members and names that lead out of the archive are items with that as their problem.

    Args:
        path: The archive on this disk.
        name: What messages call it.

    Raises:
        InputError: It is no archive, it is damaged, or it holds no image.
    """
    with _readable(name):
        if zipfile.is_zipfile(path):
            yield from _zip_items(path, name)
        elif tarfile.is_tarfile(path):
            yield from _tar_items(path, name)
        else:
            raise InputError(
                f"{name} is neither a zip nor a tar file: correct data.uri, or say in data.format what it is."
            )


def _zip_items(path: Path, name: str) -> Iterator[Item]:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        labels = _labels([member.filename for member in members], name)
        for member in members:
            if member.filename not in labels:
                continue
            label, problem = labels[member.filename]
            problem = problem or _zip_problem(member)
            content = None
            if not problem:
                try:
                    content = archive.read(member)
                except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, OSError) as error:
                    problem = f"cannot be read from the archive ({error})"
            yield Item(shown(_plain(member.filename)), label, content, problem)


def _zip_problem(member: zipfile.ZipInfo) -> str:
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link, which is not followed"
    if member.flag_bits & 1:
        return "is encrypted: make the archive without a password"
    return _size_problem(member.file_size)


def _tar_items(path: Path, name: str) -> Iterator[Item]:
    with tarfile.open(path) as archive:
        labels = _labels([member.name for member in archive if not member.isdir()], name)
        _require_end(archive)
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir() or member.name not in labels:
                continue
            label, problem = labels[member.name]
            problem = problem or _tar_problem(member)
            content = None
            if not problem and (reader := archive.extractfile(member)) is not None:
                content = reader.read()
            yield Item(shown(_plain(member.name)), label, content, problem)


def _require_end(archive: tarfile.TarFile) -> None:
    """Refuse a tar whose list of members stops without the empty block that ends it; tarfile does not mind."""
    assert archive.fileobj is not None
    archive.fileobj.seek(archive.offset)
    block = archive.fileobj.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE or block.strip(b"\0"):
        raise tarfile.ReadError("it does not end as a tar file does")


def _tar_problem(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "is a link, which is not followed"
    return _size_problem(member.size) if member.isreg() else "is no file but a device"


def _size_problem(size: int) -> str:
    return f"has {size:,} bytes, and at most {MAX_BYTES:,} are read" if size > MAX_BYTES else ""


def _labels(names: list[str], archive: str) -> dict[str, tuple[str, str]]:
    """The label and problem of each member that counts, by its name in the archive."""
    plain = {name: _plain(name) for name in names}
    inside = {name: path for name, path in plain.items() if not _leads_out(path)}
    labels = labelled(path for path in inside.values() if not is_hidden(path))
    found = {name: labels[path] for name, path in inside.items() if path in labels}
    if not any(label for label, _ in found.values()):
        raise InputError(f"{archive} holds no folders with files: put the images into one folder for each class.")
    return found | {name: ("", "has a name that leads out of the archive") for name in plain if name not in inside}


def _leads_out(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return path.startswith("/") or ".." in parts or (bool(parts) and parts[0].endswith(":"))


def _plain(name: str) -> str:
    """A member's name relative to the archive; some programs for Windows write backslashes."""
    return name.replace("\\", "/").removeprefix("./")


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn what the archive's reader says of damage into one sentence."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError) as error:
        raise InputError(f"{name} is damaged or cut short ({error}): copy it again from where it came.") from error
    except FileNotFoundError as error:
        raise InputError(f"{name} is gone while it was being read: put it back and run again.") from error
