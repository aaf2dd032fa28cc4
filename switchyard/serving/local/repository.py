"""The model repository on disk: `ROOT/NAME/VERSION/model.onnx`, and which version is active.

Beside the graph stand `metadata.json` and `golden.json`. `ROOT/NAME/active` holds the number of the version that
answers when a request names none; without it, none does.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import SwitchyardError
from switchyard.serving.rollout.golden_rows import GoldenRows

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def is_name(name: str) -> bool:
    """Whether a model can be called this: it becomes a folder's name and a part of a URL."""
    return _NAME.fullmatch(name) is not None


def is_version(version: str) -> bool:
    """Whether this is a positive integer without leading zeros."""
    return _VERSION.fullmatch(version) is not None


def names(root: Path) -> list[str]:
    """The models in the repository."""
    return sorted(path.name for path in root.glob("*") if path.is_dir() and is_name(path.name))


def versions(root: Path, name: str) -> list[int]:
    """The versions of a model, ascending; none if there is no such model."""
    folder = root / name
    if not is_name(name) or not folder.is_dir():
        return []
    return sorted(int(path.parent.name) for path in folder.glob("*/model.onnx") if is_version(path.parent.name))


def active(root: Path, name: str) -> int | None:
    """The version that answers by default, or None."""
    try:
        text = (root / name / "active").read_text().strip()
    except OSError:
        return None
    return int(text) if is_version(text) else None


def set_active(root: Path, name: str, version: int | None) -> None:
    """Record the version that answers by default; None removes the record."""
    if version is None:
        (root / name / "active").unlink(missing_ok=True)
    else:
        _replace(root / name / "active", f"{version}\n".encode())


def golden(root: Path, name: str, version: int) -> GoldenRows | None:
    """The golden rows written beside a version, or None."""
    try:
        return GoldenRows.from_json((root / name / str(version) / "golden.json").read_bytes())
    except (OSError, ValueError):
        return None


def write_version(root: Path, name: str, model: OnnxModel, golden: GoldenRows, version: int | None = None) -> int:
    """Put a model into the repository, whole or not at all.

    Args:
        root: The model repository.
        name: The model's name.
        model: The model.
        golden: Its golden rows.
        version: The number that a registry has given it; another file under that number gives way.

    Returns:
        Its number: the given or the next free one, or that of an existing version with the same bytes.

    Raises:
        SwitchyardError: If the name cannot be used or the folder cannot be written.
    """
    if not is_name(name):
        raise SwitchyardError(f"{name!r} cannot name a model: use letters, digits, dots, dashes and underscores")
    metadata, rows = model.metadata_json().encode(), golden.to_json()
    try:
        same = _same(root, name, model, version)
        if same is None:
            files = {"model.onnx": model.content, **model.companions, "metadata.json": metadata, "golden.json": rows}
            if version is not None:
                remove_version(root, name, version)
            return _add(root / name, files, version)
        _replace(root / name / str(same) / "metadata.json", metadata)
        _replace(root / name / str(same) / "golden.json", rows)
    except OSError as error:
        raise SwitchyardError(f"the model repository {root} cannot be written: {error.strerror}") from error
    return same


def remove_version(root: Path, name: str, version: int) -> None:
    """Take a version out of the repository."""
    folder = root / name / str(version)
    if folder.is_dir():
        gone = Path(tempfile.mkdtemp(prefix=".removed-", dir=root / name))
        folder.rename(gone / "version")
        shutil.rmtree(gone, ignore_errors=True)


def renumber(root: Path, name: str, version: int) -> int:
    """Give a version the next free number, as a copy; the old one stays until it is replaced."""
    number = max(versions(root, name)) + 1
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=root / name))
    try:
        copy = shutil.copytree(root / name / str(version), draft / "version")
        copy.rename(root / name / str(number))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return number


def holds(root: Path, name: str, version: int, model: OnnxModel) -> bool:
    """Whether a version is there and has the bytes of this model, and of what lies beside it."""
    files = {"model.onnx": model.content, **model.companions}
    return all(_has(root / name / str(version) / file, content) for file, content in files.items())


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _same(root: Path, name: str, model: OnnxModel, version: int | None) -> int | None:
    candidates = versions(root, name) if version is None else [version]
    return next((number for number in candidates if holds(root, name, number, model)), None)


def _add(folder: Path, files: dict[str, bytes], version: int | None) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    try:
        draft.chmod(0o755)
        for file, content in files.items():
            (draft / file).write_bytes(content)
        if version is None:
            return _number(folder, draft)
        draft.rename(folder / str(version))
        return version
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _number(folder: Path, draft: Path) -> int:
    taken = [int(path.name) for path in folder.iterdir() if is_version(path.name)]
    number = max(taken, default=0) + 1
    while True:
        try:
            draft.rename(folder / str(number))  # fails on a folder that is not empty: another writer's
            return number
        except OSError:
            if not (folder / str(number)).exists():
                raise
            number += 1


def _replace(path: Path, content: bytes) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
