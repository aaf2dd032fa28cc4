"""Who serves a repository: `ROOT/.server.json`, and whether that process still lives.

A process id alone does not identify a process, because the system reuses ids; id and start time do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

_FORMAT = 1
_SAME_SECONDS = 2.0
"""The system computes a start time from its boot time, which moves a little when the clock is corrected."""
_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True)
class Running:
    """A server process.

    Attributes:
        pid: Its process id.
        started: When it started, in seconds since the epoch.
        host: The address it is bound to.
        port: Its port.
        log: The file that it writes to; empty if it has none of its own.
        settings: What `switchyard.serving.options.derived.describe` says of its settings; empty if they are not known.
        format: The version of this record in the file.
    """

    pid: int
    started: float
    host: str
    port: int
    log: str = ""
    settings: str = ""
    format: int = _FORMAT

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def process(self) -> psutil.Process | None:
        """This very process; None if it has ended, is a zombie, or its id belongs to another one by now."""
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.started) < _SAME_SECONDS
            return process if is_same and process.status() not in _ENDED else None
        except psutil.Error:
            return None

    def alive(self) -> bool:
        """Whether this very process is running."""
        return self.process() is not None


def state_file(root: Path) -> Path:
    """Where the server of a repository records its process."""
    return root / ".server.json"


def announce(root: Path, host: str, port: int, log: Path | None = None, settings: str = "") -> None:
    """Record that this process serves the repository."""
    process = psutil.Process()
    running = Running(process.pid, process.create_time(), host, port, str(log or ""), settings)
    draft = root / f".server-{process.pid}.json"
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(state_file(root))


def withdraw(root: Path) -> None:
    """Remove the record of this process, unless another server has written its own."""
    found = recorded(root)
    if found is not None and found.pid == os.getpid():
        state_file(root).unlink(missing_ok=True)


def recorded(root: Path) -> Running | None:
    """What the file says, true or stale; None if there is none, it is damaged, or of another format."""
    try:
        found = msgspec.json.decode(state_file(root).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
    return found if found.format == _FORMAT else None


def running(root: Path) -> Running | None:
    """The live server of the repository, or None."""
    found = recorded(root)
    return found if found is not None and found.alive() else None
