"""The server as a detached process: one for a repository, whatever happened before."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.serving.local import daemon
from switchyard.serving.local.running import state_file
from switchyard.serving.protocol import client


def test_it_starts_answers_and_stops(root, kit):
    port = kit.free_port()
    server = daemon.start(ServerOptions(root=root, port=port))
    assert (server.port, server.notice) == (port, None)
    assert client.ready(server.url)
    assert daemon.status(root).pid == server.pid
    assert os.getsid(server.pid) == server.pid
    assert daemon.stop(root)
    assert not psutil.pid_exists(server.pid)
    assert daemon.status(root) is None
    assert not state_file(root).exists()
    assert not client.ready(server.url)
    assert not daemon.stop(root)


def test_it_writes_to_the_log_that_was_named_and_says_so(root, kit, tmp_path):
    log = tmp_path / "elsewhere.log"
    daemon.start(ServerOptions(root=root, port=kit.free_port(), log=log))
    assert daemon.status(root).log == log
    assert "Started server process" in log.read_text()


def test_a_second_start_finds_the_first(root, kit):
    first = daemon.start(ServerOptions(root=root, port=kit.free_port()))
    assert daemon.start(ServerOptions(root=root, port=first.port)) == first


def test_two_starts_at_once_make_one_server(root, kit):
    port = kit.free_port()
    with ThreadPoolExecutor(2) as pool:
        servers = list(pool.map(lambda _: daemon.start(ServerOptions(root=root, port=port)), range(2)))
    assert servers[0].pid == servers[1].pid


def test_a_port_in_use_is_passed_over_and_said(root):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        server = daemon.start(ServerOptions(root=root, port=taken))
    assert server.port > taken
    assert str(taken) in server.notice
    assert str(server.port) in server.notice
    assert client.ready(server.url)


def test_it_outlives_its_starter_and_is_not_its_zombie_when_killed(root, kit):
    program = "from pathlib import Path\nfrom switchyard.serving.local import daemon\n"
    program += "from switchyard.config.server_options import ServerOptions\n"
    program += f"print(daemon.start(ServerOptions(root=Path({str(root)!r}), port={kit.free_port()})).pid)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    pid = int(subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=True).stdout)
    assert daemon.status(root).pid == pid
    assert client.ready(daemon.status(root).url)


def test_after_kill_9_nothing_is_said_to_run_and_a_new_start_works(root, kit):
    first = daemon.start(ServerOptions(root=root, port=kit.free_port()))
    os.kill(first.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{first.pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{first.pid}").exists(), "a zombie stays"
    assert daemon.status(root) is None
    second = daemon.start(ServerOptions(root=root, port=first.port))
    assert second.pid != first.pid
    assert second.port == first.port
    assert client.ready(second.url)


def test_a_process_that_got_the_same_id_is_neither_reported_nor_stopped(root):
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        stale = {"pid": bystander.pid, "started": 1.0, "host": "127.0.0.1", "port": 1}
        state_file(root).write_text(json.dumps(stale))
        assert daemon.status(root) is None
        assert not daemon.stop(root)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_damaged_state_file_counts_as_none(root, text):
    state_file(root).write_text(text)
    assert daemon.status(root) is None


def test_a_server_that_cannot_start_says_why(root, kit):
    with pytest.raises(SwitchyardError, match=r"does not answer: it ended with exit code 2; the end of its log: .*192"):
        daemon.start(ServerOptions(root=root, host="192.0.2.1", port=kit.free_port()))
    assert daemon.status(root) is None


def test_a_server_imports_nothing_heavy(root, kit):
    server = daemon.start(ServerOptions(root=root, port=kit.free_port()))
    maps = Path(f"/proc/{server.pid}/maps").read_text()
    assert "onnxruntime" in maps
    for heavy in ("torch", "polars", "pandas", "sklearn", "scipy"):
        assert f"/{heavy}" not in maps
