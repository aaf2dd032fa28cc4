"""A digest of the code that a kind of data uses in a step: what a recipe's `code` is.

A step's decorator cannot know the kind, so the code of the kinds is no part of its cache policy. What counts is
everything in the step's own stages and in those below them, except the folders of the other kinds: a change in image
code leaves the steps of tables cached, and the reverse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from switchyard.project import ROOT
from switchyard.tasks.kind import Kind
from switchyard.tasks.registry import kinds

STAGES = {
    "ingest": ("data",),
    "validate": ("data",),
    "preprocess": ("data",),
    "row_gates": ("evaluation", "statistics", "model", "config/task_metrics.py"),
    "train": ("training", "model", "data", "statistics", "config/task_metrics.py"),
    "index": ("training", "model", "data"),
    "evaluate": ("evaluation", "statistics", "model", "data", "config/task_metrics.py"),
}
"""The folders and files of `switchyard` behind each cached step; `row_gates` is what preprocess needs beside its own if
it has some to check."""


def digest(kind: Kind, *steps: str, root: Path = ROOT) -> str:
    """One hash over names and contents of the files.

    Args:
        kind: The kind of data.
        *steps: Keys of `STAGES`.
        root: The project's folder.
    """
    found = hashlib.sha256()
    for path in files(kind, *steps, root=root):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        found.update(f"{name}\0".encode())
        found.update(_hashed(path, path.stat().st_mtime_ns))
    return found.hexdigest()


def files(kind: Kind, *steps: str, root: Path = ROOT) -> list[Path]:
    """The files that `digest` is over, in its order; arguments as there."""
    others = {other.name for other in kinds()} - {kind.name}
    found = set(kind.more_code)
    for stage in {stage for step in steps for stage in STAGES[step]}:
        found.update(_below(root / "switchyard" / stage, others))
    return sorted(found)


def _below(folder: Path, others: set[str]) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in folder.iterdir():
        if path.is_dir() and path.name not in others | {"__pycache__"}:
            yield from _below(path, others)
        elif path.is_file():
            yield path


@cache
def _hashed(path: Path, changed: int) -> bytes:
    del changed  # only so that a file that is written again is read again
    return hashlib.sha256(path.read_bytes()).digest()
