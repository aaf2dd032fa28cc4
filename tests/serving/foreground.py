"""A server in the foreground, as a container or a terminal has it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager

from switchyard.project import ROOT
from switchyard.serving.protocol import client

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@contextmanager
def serving(root, port, *options, until=client.live):
    """`python -m switchyard.serving`, all of its output on stdout; killed in the end if it still runs.

    Begins when `until`, asked with the server's address, says so, or when the server has ended; with None at once.
    """
    command = [sys.executable, "-m", "switchyard.serving", "--root", str(root), "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)
    try:
        deadline = time.monotonic() + 20
        while until and not until(f"http://127.0.0.1:{port}") and process.poll() is None:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()
