"""The copy of a training's checkpoint in the artifact store: what is left of it when its pod is gone.

It is written by a thread of its own, so that no epoch waits for it, and at most every half a minute. An artifact
store that fails costs the copy and not the training: it is said once, and the training goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from zenml.artifact_stores import BaseArtifactStore

EVERY = 30.0
"""Seconds from the end of one upload to the start of the next."""

_LOG = logging.getLogger(__name__)  # runs/progress.py shows what this logger says


class RemoteCheckpoint:
    """One file of the store, named as the one on this disk.

    Args:
        store: The artifact store.
        around: The folder of the use case in it.
        name: The training's folder in that.
        path: What it is a copy of: a file that is replaced at once.
    """

    def __init__(self, store: BaseArtifactStore, around: str, name: str, path: Path) -> None:
        """Nothing is asked or written yet."""
        self.store, self.around, self.path = store, around, path
        self.uri = f"{around}/{name}/{path.name}"
        self._newer, self._over = Event(), Event()
        self._thread: Thread | None = None
        self._told = False

    def fetch(self, to: Path) -> None:
        """Copy what is there, if there is something, to a file on this disk."""
        with self._tolerated(f"{self.uri} cannot be read", "the training goes on without it"):
            if not self.store.exists(self.uri):
                return
            with self.store.open(self.uri, "rb") as file:
                content = file.read()
            to.parent.mkdir(parents=True, exist_ok=True)
            draft = to.with_name(f"{uuid4().hex}.unfinished")
            draft.write_bytes(content)
            draft.replace(to)

    def follow(self) -> None:
        """The file on this disk is a newer one; returns at once."""
        if self._thread is None:
            # In the step's context, so that what is said there stands in the step's log.
            self._thread = Thread(target=copy_context().run, args=(self._follow,), name="checkpoint", daemon=True)
            self._thread.start()
        self._newer.set()

    def close(self) -> None:
        """No further upload begins."""
        self._over.set()
        self._newer.set()

    def remove(self, older: timedelta) -> None:
        """Remove the file, and those of other trainings of the use case that are older than this."""
        self.close()
        if self._thread is not None:
            self._thread.join()  # what is being written would stay; the model has to go to the same store anyway
        with self._tolerated(f"{self.uri} cannot be removed", f"a training does so after {older.days} days"):
            with suppress(FileNotFoundError):
                self.store.remove(self.uri)
            for uri in self._others():
                with suppress(FileNotFoundError):  # of a training that has just ended
                    if datetime.now(UTC) - _changed(self.store.stat(uri)) > older:
                        self.store.remove(uri)

    def _others(self) -> list[str]:
        try:
            names = self.store.listdir(self.around)
        except FileNotFoundError:
            return []
        return [f"{self.around}/{str(each).strip('/')}/{self.path.name}" for each in names]

    def _follow(self) -> None:
        so = "the training goes on with its checkpoint on this disk only"
        while self._newer.wait() and not self._over.is_set():
            self._newer.clear()
            written = False
            with self._tolerated(f"{self.uri} cannot be written", so):
                _upload(self.store, self.path, self.uri)
                written = True
            if not written:
                self._newer.set()  # the next epoch may end in an hour
            self._over.wait(EVERY)

    @contextmanager
    def _tolerated(self, what: str, so: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each flavor of store has errors of its own
            if not self._told:
                self._told = True
                _LOG.warning("%s (%s: %s): %s", what, type(error).__name__, error, so)


def _upload(store: BaseArtifactStore, path: Path, uri: str) -> None:
    content = path.read_bytes()  # first, so that a file that cannot be read does not begin another
    with store.open(uri, "wb") as file:
        file.write(content)


def _changed(about: dict[str, object]) -> datetime:
    """When a file was written; each flavor has a name of its own for it."""
    return max((each for each in about.values() if isinstance(each, datetime)), default=datetime.now(UTC))
