"""What a cached step depends on beside its parameters and inputs: the library code behind it.

ZenML's cache key knows the source of the step function only, and our steps are a few lines around
`switchyard`; without this, a mended learner would be served from the cache.
"""

from __future__ import annotations

from pathlib import Path

from zenml.config.cache_policy import CachePolicy

from switchyard.project import ROOT

# How a step's outputs are stored, which its inputs' readers rely on.
_ALWAYS = ("steps/artifacts.py",)


def depends_on(*places: str) -> CachePolicy:
    """The default policy, and the contents of these files.

    Args:
        *places: Files, or folders whose Python files are meant, relative to the project.
    """
    files: set[Path] = set()
    for place in (*places, *_ALWAYS):
        path = ROOT / place
        files.update(path.rglob("*.py") if path.is_dir() else [path])
    return CachePolicy(file_dependencies=sorted(str(file.relative_to(ROOT)) for file in files))
