"""The packages here are those of the lock, from which the image is made, too."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target
from switchyard.project import ROOT

PYTHONS = ((3, 11), (3, 13))  # what the lock is made for
LOCK = ROOT / "requirements.lock"
# What both sides of a run have to agree on: what is stored, sent and compiled.
_SHARED = ("zenml", "kfp", "kfp-kubernetes", "mlflow", "polars", "onnxruntime", "pydantic")


def look(target: Target) -> Finding | None:
    """Compares Python and the packages that both this machine and the pods use with the lock."""
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return failed(f"{python}; the lock is for 3.11 to 3.13", "make run PYTHON=python3.12 after make clean")
    pinned = locked(LOCK)
    other = [
        f"{name} {_installed(name)} (lock: {pinned[name]})" for name in _SHARED if _installed(name) != pinned[name]
    ]
    if other:
        return failed(f"{python}, but {', '.join(other)}", "install the lock: pip install -r requirements.lock")
    return ok(f"{python}, {', '.join(f'{name} {pinned[name]}' for name in _SHARED[:4])}, as in the lock")


def locked(lock: Path) -> dict[str, str]:
    """The version of each package in the lock, for this Python."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE)
    return dict(pins)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
