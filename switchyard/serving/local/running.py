"""Who serves a repository: `ROOT/.server.json`, and whether that process still lives.

A process id alone does not say who it is, for ids are used again; id and start time do.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchyard.config.sections import Batching


@dataclass(frozen=True)
class Running:
    """A server process.

    Attributes:
        pid: Its process id.
        started: When it started, in whatever the system counts.
        host: The address it is bound to.
        port: Its port.
        log: The file that it writes to; empty if it is not its own.
        settings: What `describe_settings` says of it; empty if it is not known.
    """

    pid: int
    started: str
    host: str
    port: int
    log: str = ""
    settings: str = ""

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def alive(self) -> bool:
        """Whether this very process is running."""
        return start_time(self.pid) == self.started


def state_file(root: Path) -> Path:
    """Where the server of a repository says who it is."""
    return root / ".server.json"


def start_time(pid: int) -> str | None:
    """When a process started; None if there is none, or only a zombie."""
    if not Path("/proc/self/stat").exists():
        return _start_time_by_ps(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _start_time_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    state, _, started = subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition(" ")
    return started.strip() if state and not state.startswith("Z") else None


def describe_settings(max_request_mb: float, batching: Batching | None) -> str:
    """What a server does not change while it runs, in words."""
    if batching is None:
        return f"max_request_mb {max_request_mb:g} and no batching"
    waits = f"batching of up to {batching.max_size} rows within {batching.max_delay_ms:g} ms"
    return f"max_request_mb {max_request_mb:g} and {waits}"


def setting_options(max_request_mb: float, batching: Batching | None) -> list[str]:
    """The same as arguments of `python -m switchyard.serving`."""
    options = ["--max-request-mb", str(max_request_mb)]
    if batching is not None:
        options += ["--batch-delay-ms", str(batching.max_delay_ms), "--batch-size", str(batching.max_size)]
    return options


def announce(root: Path, host: str, port: int, log: Path | None = None, settings: str = "") -> None:
    """Write down that this process serves the repository."""
    pid = os.getpid()
    running = Running(pid, start_time(pid) or "", host, port, str(log or ""), settings)
    draft = root / f".server-{pid}.json"
    draft.write_text(json.dumps(asdict(running)))
    draft.replace(state_file(root))


def withdraw(root: Path) -> None:
    """Take this process's announcement back, unless another server has written its own."""
    found = recorded(root)
    if found is not None and found.pid == os.getpid():
        state_file(root).unlink(missing_ok=True)


def recorded(root: Path) -> Running | None:
    """What the file says, be it true or stale."""
    try:
        return Running(**json.loads(state_file(root).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def running(root: Path) -> Running | None:
    """The live server of the repository, or None."""
    found = recorded(root)
    return found if found is not None and found.alive() else None
