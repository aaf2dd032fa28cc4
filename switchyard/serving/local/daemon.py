"""The server as a detached process of this machine: start, stop, status.

One process serves a whole repository. It outlives its starter, writes to a log file, and is known by
`ROOT/.server.json` (see running.py).
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import SwitchyardError
from switchyard.serving.local.running import Running, describe_settings, running, setting_options, state_file
from switchyard.serving.protocol import client

if TYPE_CHECKING:
    from switchyard.config.sections import Batching

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Daemon:
    """A server that runs.

    Attributes:
        pid: Its process id.
        host: The address it is bound to.
        port: Its port.
        url: Where clients on this machine reach it.
        log: Its log file.
        notice: What the caller should tell the user, such as another port than asked for; or None.
    """

    pid: int
    host: str
    port: int
    url: str
    log: Path
    notice: str | None = None


def start(
    root: Path,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    token: str | None = None,
    log: Path | None = None,
    max_request_mb: float = 8.0,
    batching: Batching | None = None,
) -> Daemon:
    """Start a server of a repository and wait until it answers, or return the one that runs.

    Args:
        root: The model repository; created if it is not there.
        host: The address to bind to.
        port: The port wanted; if another program uses it, the next free one is taken.
        token: What clients must send; without it, `SWITCHYARD_TOKEN` of the environment, if set.
        log: Where the server's output goes; `ROOT/.server.log` without it.
        max_request_mb: The largest request body that is read.
        batching: How requests that arrive together are run as one; None: each by itself.

    Raises:
        SwitchyardError: If the server does not come up; with the end of its log.
    """
    root = root.resolve()
    log = (log or root / ".server.log").resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with lock(root / ".server.lock"):
            found = _answering(root)
            if found is None:
                state_file(root).unlink(missing_ok=True)
                found = _launch(root, host, port, token, log, setting_options(max_request_mb, batching))
    except OSError as error:
        raise SwitchyardError(f"a server of {root} cannot be started: {error.strerror or error}") from error
    return _daemon(root, found, _notice(found, host, port, describe_settings(max_request_mb, batching)))


def _answering(root: Path) -> Running | None:
    """The live server of a repository, once it has answered; None if there is none, or it is just ending.

    Raises:
        SwitchyardError: If there is one that does not answer.
    """
    end = time.monotonic() + _STOP_SECONDS
    while (found := running(root)) is not None:
        if client.live(found.url):
            return found
        if time.monotonic() > end:
            raise SwitchyardError(f"the server of {root} runs as process {found.pid}, but does not answer: stop it")
        time.sleep(0.02)
    return None


def status(root: Path) -> Daemon | None:
    """The server of a repository, or None if none runs."""
    root = root.resolve()
    found = running(root)
    return None if found is None else _daemon(root, found)


def _daemon(root: Path, found: Running, notice: str | None = None) -> Daemon:
    log = Path(found.log) if found.log else root / ".server.log"
    return Daemon(found.pid, found.host, found.port, found.url, log, notice)


def stop(root: Path, seconds: float = _STOP_SECONDS) -> bool:
    """Stop the server of a repository: requests under way are answered, then it ends.

    Args:
        root: The model repository.
        seconds: After this it is killed.

    Returns:
        Whether one ran.
    """
    root = root.resolve()
    if not root.is_dir():
        return False
    with lock(root / ".server.lock"):
        found = running(root)
        if found is not None:
            _end(found, seconds)
        state_file(root).unlink(missing_ok=True)
    return found is not None


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a file's lock; the system releases it when the process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _notice(found: Running, host: str, port: int, settings: str) -> str | None:
    if found.settings and found.settings != settings:
        return f"the server already runs with {found.settings}; stop it to start it with {settings}"
    if found.port == port and found.host == host:
        return None
    if found.host != host:
        return f"the server already runs at {found.host}:{found.port}; stop it to move it to {host}:{port}"
    return f"port {port} was in use when the server started: it answers on {found.port}"


def _launch(root: Path, host: str, port: int, token: str | None, log: Path, options: list[str]) -> Running:
    command = [sys.executable, "-P", "-m", "switchyard.serving", "--root", str(root), "--host", host]
    command += ["--port", str(port), "--next-free-port", "--log", str(log), *options]
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=root,
            env=_environment(token),
            start_new_session=True,
        )
    # Whoever started a process has to collect it: this thread waits for its end, so that no zombie stays.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        return _wait(root, process)
    except TimeoutError as error:
        process.kill()
        raise SwitchyardError(f"the server of {root} does not answer: {error}; {_tail(log, begin)}") from error


def _environment(token: str | None) -> dict[str, str]:
    library = str(Path(__file__).resolve().parents[3])
    path = os.environ.get("PYTHONPATH")
    environment = {**os.environ, "PYTHONPATH": f"{library}{os.pathsep}{path}" if path else library}
    if token:
        environment["SWITCHYARD_TOKEN"] = token
    return environment


def _wait(root: Path, process: subprocess.Popen[bytes]) -> Running:
    """Wait until the process has announced itself and answers."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        found = running(root)
        if found is not None and found.pid == process.pid and client.live(found.url):
            return found
        if process.poll() is not None:
            raise TimeoutError(f"it ended with exit code {process.returncode}")
        time.sleep(0.02)
    raise TimeoutError(f"not within {_START_SECONDS:.0f} s")


def _tail(log: Path, begin: int) -> str:
    text = log.read_bytes()[begin:].decode("utf-8", "replace").strip()
    return f"the end of its log: {' | '.join(text.splitlines()[-5:])}" if text else "its log is empty"


def _end(found: Running, seconds: float) -> None:
    _signal(found, signal.SIGTERM)
    end = time.monotonic() + seconds
    while found.alive() and time.monotonic() < end:
        time.sleep(0.02)
    _signal(found, signal.SIGKILL)


def _signal(found: Running, number: signal.Signals) -> None:
    if found.alive():
        try:
            os.kill(found.pid, number)
        except ProcessLookupError:
            return
