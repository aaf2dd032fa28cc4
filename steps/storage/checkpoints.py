"""Where a training keeps how far it is, so that the next run, or the next pod, goes on if this one is killed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from zenml import get_step_context
from zenml.artifact_stores import BaseArtifactStore
from zenml.client import Client

from steps.storage.remote_checkpoint import RemoteCheckpoint
from switchyard.project import STATE
from switchyard.training.checkpoint_files import CHECKPOINT, FETCHED

KEPT = timedelta(days=14)
"""What nobody has gone on from for so long is cleared away."""


@contextmanager
def checkpoints(use_case: str, candidate: str) -> Iterator[Checkpoints]:
    """What the next training finds if it is the very same; it is gone once the block has ended well.

    The same is what has the same cache key: parameters, rows and code. The folder is on this machine, or in this pod;
    if the artifact store is elsewhere, a copy of the checkpoint is kept there, below `checkpoints`.

    Args:
        use_case: The config's name.
        candidate: What the config calls the candidate.
    """
    key = get_step_context().step_run.cache_key or "uncached"
    store = Client().active_stack.artifact_store
    remote = None if store.config.is_local else store
    kept = Checkpoints(STATE / "checkpoints" / use_case / f"{candidate}-{key[:16]}", remote)
    try:
        yield kept
        kept.clear()
    finally:
        kept.close()


class Checkpoints:
    """The folder of a training's checkpoint, and its copy elsewhere.

    Args:
        path: The folder, below one for each use case.
        store: Where a copy is kept, or None.
    """

    def __init__(self, path: Path, store: BaseArtifactStore | None) -> None:
        """Nothing is read or written yet, for most trainings have no checkpoint."""
        self.path = path
        self._asked = False
        self._remote: RemoteCheckpoint | None = None
        if store is not None:
            around = f"{store.path.rstrip('/')}/checkpoints/{path.parent.name}"
            self._remote = RemoteCheckpoint(store, around, path.name, path / CHECKPOINT)

    def folder(self) -> Path:
        """The folder, with what is kept elsewhere; it is made by whoever has something to keep."""
        self._asked = True
        if self._remote is not None:
            self._remote.fetch(self.path / FETCHED)
        return self.path

    def epoch_done(self) -> None:
        """There is a newer checkpoint in the folder."""
        if self._remote is not None:
            self._remote.follow()

    def clear(self) -> None:
        """The training is done: its checkpoint goes, and so does what others of the use case have left long ago."""
        if not self._asked:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        for each in self.path.parent.glob("*"):
            with suppress(FileNotFoundError):  # of a training that has just ended
                if time.time() - each.stat().st_mtime > KEPT.total_seconds():
                    shutil.rmtree(each, ignore_errors=True)
        if self._remote is not None:
            self._remote.remove(KEPT)

    def close(self) -> None:
        """Nothing more is copied."""
        if self._remote is not None:
            self._remote.close()
