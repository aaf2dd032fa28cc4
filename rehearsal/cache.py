"""What is kept between two runs of the tests: what takes long to make and stays the same."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """A folder of the user's; whatever is in it may be deleted."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "switchyard-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
