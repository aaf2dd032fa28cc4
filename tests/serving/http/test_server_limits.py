"""Who may ask, how long a client may take, and how a server ends."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.serving.local import daemon
from switchyard.serving.protocol import client
from tests.serving.foreground import ENVIRONMENT, serving


def refusal(*arguments):
    """The one sentence of a server that refuses to start."""
    command = [sys.executable, "-m", "switchyard.serving", *map(str, arguments)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    (sentence,) = done.stderr.splitlines()
    return sentence


@pytest.fixture
def limited(root, kit):
    """The address of a server that waits for a request no longer than half a second."""
    kit.put(root, "survival", 1, kit.graph())
    port = kit.free_port()
    with serving(root, port, "--request-seconds", "0.5") as process:
        yield ("127.0.0.1", port), process


def answer_to(address, *parts):
    """What the server says until it hangs up."""
    with socket.create_connection(address, timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while part := connection.recv(4096):
            received += part
        return received


def test_slow_clients_are_hung_up_on(limited):
    address, _ = limited
    head = b"POST /v2/models/survival/infer HTTP/1.1\r\nHost: x\r\n"
    for parts in ([], [head], [head + b"Content-Length: 50\r\n\r\n{"]):
        assert b" 408 " in answer_to(address, *parts)
    assert client.ready(f"http://127.0.0.1:{address[1]}")


def test_endless_headers_are_cut_off(limited):
    address, _ = limited
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(100))
    assert b" 431 " in answer_to(address, b"GET /v2 HTTP/1.1\r\nHost: x\r\n", lines)


def test_a_request_after_another_on_one_connection_is_not_hurried(limited):
    address, _ = limited
    request = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request)
        time.sleep(0.8)
        assert connection.recv(4096).endswith(b'{"live":true}')
        connection.sendall(request)
        time.sleep(0.1)
        assert connection.recv(4096).endswith(b'{"live":true}')


def test_what_is_not_http_is_400(limited):
    address, _ = limited
    assert b" 400 " in answer_to(address, b"\x16\x03\x01 hello\r\n\r\n")


def test_sigterm_answers_what_is_under_way_and_ends_with_0(root, kit):
    kit.put(root, "survival", 1, kit.graph())
    port = kit.free_port()
    with serving(root, port) as process:
        body = b'{"inputs":[{"name":"sex","shape":[1,1],"datatype":"BYTES","data":["male"]},'
        body += b'{"name":"age","shape":[1,1],"datatype":"FP32","data":[4]}]}'
        head = b"POST /v2/models/survival/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:20])
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            connection.sendall(body[20:])
            received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert b" 200 " in received
        assert b"probabilities" in received
        assert process.wait(10) == 0


def test_without_the_token_only_health_answers(root, kit):
    kit.put(root, "survival", 1, kit.graph())
    server = daemon.start(ServerOptions(root=root, port=kit.free_port(), token="s3cret"))
    endpoint = kit.endpoint(server.url, root)
    request = kit.passengers(["male"], [4.0])
    for wrong in (
        {},
        {"Authorization": "Bearer s3cre"},
        {"Authorization": "Basic s3cret"},
        {"Authorization": "s3cret"},
    ):
        for method, path in (
            ("POST", "/v2/models/survival/infer"),
            ("GET", "/v2/models/survival"),
            ("GET", "/metrics"),
        ):
            status, headers, _ = endpoint.call(method, path, request if method == "POST" else None, wrong)
            assert status == 401
            assert headers["WWW-Authenticate"] == "Bearer"
        assert endpoint.call("POST", "/v2/repository/models/survival/unload", headers=wrong)[0] == 401
    assert endpoint.call("GET", "/v2/models/survival")[0] == 401
    assert endpoint.call("GET", "/v2/health/live")[0] == endpoint.call("GET", "/v2/health/ready")[0] == 200
    right = {"Authorization": "Bearer s3cret"}
    assert endpoint.call("POST", "/v2/models/survival/infer", request, right)[0] == 200
    assert endpoint.call("GET", "/metrics", headers=right)[0] == 200
    with pytest.raises(SwitchyardError, match="401"):
        client.infer(server.url, "survival", None, request, token="other")
    assert client.infer(server.url, "survival", None, request, token="s3cret")["model_version"] == "1"


def test_the_token_is_in_no_command_line(root, kit):
    server = daemon.start(ServerOptions(root=root, port=kit.free_port(), token="s3cret"))
    assert b"s3cret" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()


def test_a_token_file_is_read_and_an_empty_one_refused(root, kit, tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    port = kit.free_port()
    with serving(root, port, "--token-file", str(file)):
        assert client.index(f"http://127.0.0.1:{port}", token="from-file") == []
        with pytest.raises(SwitchyardError, match="401"):
            client.index(f"http://127.0.0.1:{port}")
    file.write_text("\n")
    assert "token file" in refusal("--root", root, "--port", port, "--token-file", file)


def test_a_port_in_use_and_a_root_that_is_no_folder_are_one_sentence_each(root, tmp_path, kit):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert f"port {taken} on 127.0.0.1 is in use" in refusal("--root", root, "--port", taken)
    assert "is not a folder" in refusal("--root", tmp_path / "nowhere", "--port", kit.free_port())
