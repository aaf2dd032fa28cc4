"""The server as a detached process of this machine: start, stop, status.

One process serves a whole repository. It outlives its starter, writes to a log file, and is known by
`ROOT/.server.json` (see running.py).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from switchyard.errors import SwitchyardError
from switchyard.serving.local.running import Running, running, state_file
from switchyard.serving.options.derived import command_line, describe, environment
from switchyard.serving.protocol import client

if TYPE_CHECKING:
    from switchyard.config.server_options import ServerOptions

_START_SECONDS = 60.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Daemon:
    """A running server.

    Attributes:
        pid: Its process id.
        host: The address it is bound to.
        port: Its port.
        url: Where clients on this machine reach it.
        log: Its log file.
        notice: What the caller should tell the user, such as that the server answers on another port; or None.
    """

    pid: int
    host: str
    port: int
    url: str
    log: Path
    notice: str | None = None


def start(options: ServerOptions) -> Daemon:
    """Start a server and wait until it answers, or return the one that already serves the repository.

    Args:
        options: What it serves, and how. The repository is created if it is not there; if another program uses the
            port, the next free one is taken; without a log, the server writes to `ROOT/.server.log`.

    Raises:
        SwitchyardError: If the server does not come up; with the end of its log.
    """
    root = options.root.resolve()
    log = (options.log or root / ".server.log").resolve()
    options = options.model_copy(update={"root": root, "log": log, "next_free_port": True})
    try:
        root.mkdir(parents=True, exist_ok=True)
        with lock(root / ".server.lock"):
            found = _answering(root)
            if found is None:
                state_file(root).unlink(missing_ok=True)
                found = _launch(options, log)
    except OSError as error:
        raise SwitchyardError(f"a server of {root} cannot be started: {error.strerror or error}") from error
    return _daemon(root, found, _notice(found, options))


def _answering(root: Path) -> Running | None:
    """The live server of a repository, once it answers; None if there is none or it is ending.

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
    """Stop the server of a repository: it answers the requests in flight, then ends.

    Args:
        root: The model repository.
        seconds: How long it may take to end before it is killed.

    Returns:
        Whether one was running.
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


def _notice(found: Running, options: ServerOptions) -> str | None:
    host, port, settings = options.host, options.port, describe(options)
    if found.settings and found.settings != settings:
        return f"the server already runs with {found.settings}; stop it to start it with {settings}"
    if found.port == port and found.host == host:
        return None
    if found.host != host:
        return f"the server already runs at {found.host}:{found.port}; stop it to move it to {host}:{port}"
    return f"port {port} was in use when the server started: it answers on {found.port}"


def command(options: ServerOptions) -> list[str]:
    """The command that starts a server of its own process with these options."""
    return [sys.executable, "-P", "-m", "switchyard.serving", *command_line(options)]


def _launch(options: ServerOptions, log: Path) -> Running:
    root = options.root
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            command(options),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=root,
            env=_environment(options),
            start_new_session=True,
        )
    # A parent must reap its children: this thread waits for the server to end, so that no zombie stays.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        return _wait(root, process)
    except TimeoutError as error:
        process.kill()
        raise SwitchyardError(f"the server of {root} does not answer: {error}; {_tail(log, begin)}") from error


def _environment(options: ServerOptions) -> dict[str, str]:
    library = str(Path(__file__).resolve().parents[3])
    path = os.environ.get("PYTHONPATH")
    found = {**os.environ, "PYTHONPATH": f"{library}{os.pathsep}{path}" if path else library}
    return found | environment(options)


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
    process = found.process()
    if process is None:
        return
    with suppress(psutil.NoSuchProcess):  # it may end at any moment
        process.terminate()
        end = time.monotonic() + seconds
        while found.alive() and time.monotonic() < end:
            time.sleep(0.02)
        if found.alive():
            process.kill()
