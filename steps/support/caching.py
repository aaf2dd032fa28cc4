"""What a cached step depends on beside its parameters and inputs: the library code behind it.

ZenML's cache key knows the source of the step function only, and our steps are a few lines around
`switchyard`; without this, a mended learner would be served from the cache. What only reads a config (its values
are parameters) or writes to the tracker changes no result and is left out.
"""

from __future__ import annotations

from pathlib import Path

from zenml.config.cache_policy import CachePolicy

from switchyard.project import ROOT

# How tables, models and reports are stored and read, and the libraries that compute.
_ALWAYS = ("steps/storage/artifacts.py", "switchyard/data/dataset.py", "requirements.lock")


def depends_on(*places: str) -> CachePolicy:
    """The default policy, and the contents of these files.

    Args:
        *places: Files, or folders with all that is in them, relative to the project.
    """
    files: set[Path] = set()
    for place in (*places, *_ALWAYS):
        path = ROOT / place
        files.update(_inside(path) if path.is_dir() else [path])
    return CachePolicy(file_dependencies=sorted(str(file.relative_to(ROOT)) for file in files))


def _inside(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
