"""A copy of the project to rehearse with: the checkout's own ZenML settings stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PARTS = (
    "run.py",
    "requirements.lock",
    "pyproject.toml",
    "commands",
    "configs",
    "data",
    "pipelines",
    "runs",
    "stacks",
    "steps",
    "switchyard",
)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def copy_project(target: Path) -> Path:
    """What a run needs of the project.

    Args:
        target: A folder that is not there yet.

    Returns:
        The folder.
    """
    target.mkdir(parents=True)
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=_LEFT_OUT)
        else:
            shutil.copy2(source, target / part)
    return target
