"""Where a training keeps how far it is, so that the next run goes on if this one is killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zenml import get_step_context

from switchyard.project import STATE


@contextmanager
def checkpoints(use_case: str, candidate: str) -> Iterator[Path]:
    """A folder that the next training finds if it is the very same; it is gone once the block has ended well.

    The same is what has the same cache key: parameters, rows and code. The folder is on this machine, or in this pod:
    a pod that is started anew begins anew, unless a volume is mounted there.

    Args:
        use_case: The config's name.
        candidate: What the config calls the candidate.

    Yields:
        The folder, which is made by whoever has something to keep.
    """
    key = get_step_context().step_run.cache_key or "uncached"
    folder = STATE / "checkpoints" / use_case / f"{candidate}-{key[:16]}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
