"""Servers as processes of their own: started, waited for, logged to a file, and stopped with all that they started."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

_STOP_SECONDS = 10.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment.

    It is none of those that the system gives to connections: a server may take seconds until it listens, and by then
    one of those would have been given away.
    """
    while True:
        port = random.randint(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def server(
    name: str,
    command: Sequence[str],
    ready: str,
    logs: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 90.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server until the block ends.

    Args:
        name: For its log and for errors.
        command: What to start.
        ready: A URL that answers with a status below 500 once the server is up.
        logs: A folder; the log is NAME.log.
        environment: On top of this process's.
        seconds: How long it may take to come up.

    Raises:
        RuntimeError: It ended, or did not come up in time; the log's end is in the message.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=logs,  # not the project's: a ZenML server would take its .zen for its own
            start_new_session=True,
        )
    try:
        _wait(name, process, ready, log, seconds)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a server and what it started: asked first, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _wait(name: str, process: subprocess.Popen[bytes], ready: str, log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _answers(ready):
        if process.poll() is not None or time.monotonic() > end:
            how = (
                f"ended with {process.returncode}" if process.poll() is not None else f"is not up after {seconds:.0f} s"
            )
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise RuntimeError(f"{name} {how}; the end of {log}:\n{tail}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.RequestException:
        return False
