"""Which files of the project go into the code archive that ZenML uploads to the artifact store.

ZenML 0.98.0 leaves out what git ignores. Without git, or where git refuses to work (a folder of another user), it takes
everything: the keys in `.env`, and gigabytes of `.venv`. It also takes a secret that git tracks by mistake.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath

from zenml.utils.code_utils import CodeArchive

_FOLDERS = {".venv", "venv", ".switchyard", ".zen", ".git", "__pycache__", "mlruns", "node_modules", ".kube", ".aws"}
_CACHES = "_cache"  # .mypy_cache, .pytest_cache, …
_EXAMPLE = ".env.example"


def keep_private() -> None:
    """Make ZenML's archive leave out private files and files of this machine only."""
    if getattr(CodeArchive.get_files, "is_ours", False):
        return
    CodeArchive.get_files = _without_private(CodeArchive.get_files)  # type: ignore[method-assign,assignment]
    CodeArchive._get_all_files = _all_files  # type: ignore[method-assign,assignment]


def may_be_uploaded(path: PurePath) -> bool:
    """Whether pods may get a file, given its path in the project."""
    if path.name == ".env" or (path.name.startswith(".env.") and path.name != _EXAMPLE):
        return False
    return not any(_is_private(folder) for folder in path.parts[:-1])


def _is_private(folder: str) -> bool:
    return folder in _FOLDERS or (folder.startswith(".") and folder.endswith(_CACHES))


def _without_private(get_files: Callable[[CodeArchive], dict[str, str]]) -> Callable[[CodeArchive], dict[str, str]]:
    def ours(archive: CodeArchive) -> dict[str, str]:
        return {name: file for name, file in get_files(archive).items() if may_be_uploaded(PurePath(name))}

    ours.is_ours = True  # type: ignore[attr-defined]
    return ours


def _all_files(archive: CodeArchive, archive_root: str) -> dict[str, str]:
    """Replaces ZenML's method, which walks through every file of `.venv`."""
    files = {}
    for folder, folders, names in os.walk(archive_root):
        folders[:] = [
            each for each in folders if not _is_private(each) and not (Path(folder, each, "pyvenv.cfg")).exists()
        ]
        for name in names:
            path = Path(folder, name)
            files[str(path.relative_to(archive_root))] = str(path)
    return files
