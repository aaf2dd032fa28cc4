"""MLflow's check, green and red, against a real server, bare and behind a login."""

from __future__ import annotations

import base64
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from rehearsal.processes import free_port, server
from stacks.doctor import mlflow_server
from switchyard.errors import SwitchyardError
from tests.stacks.doctor.conftest import target


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    url = f"http://127.0.0.1:{port}"
    with server("mlflow", command, f"{url}/health", folder, {"MLFLOW_DISABLE_TELEMETRY": "true"}):
        yield url


@contextmanager
def in_front_of(mlflow, decide):
    """A proxy; `decide(method, path, authorization)` gives the status to refuse with, or None."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status = decide(self.command, self.path, self.headers.get("Authorization"))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if status:
                content, kind = b"<html>Log in</html>", "text/html"
            else:
                answer = requests.request(
                    self.command,
                    mlflow + self.path,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=10,
                )
                status, content, kind = answer.status_code, answer.content, answer.headers["Content-Type"]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


def living(mlflow):
    found = requests.get(f"{mlflow}/api/2.0/mlflow/experiments/search", params={"max_results": 100}, timeout=10).json()
    return [each["name"] for each in found["experiments"]]


def test_green_again_and_again_and_nothing_is_left(mlflow):
    first, second = (mlflow_server.look(target(MLFLOW_URL=mlflow)) for _ in range(2))

    assert (first.state, second.state) == ("ok", "ok")
    assert mlflow in first.seen
    assert "3." in first.seen
    assert living(mlflow) == ["Default"]


BASIC = "Basic " + base64.b64encode(b"me:the-password").decode()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"MLFLOW_USERNAME": "me", "MLFLOW_PASSWORD": "the-password"}, BASIC),
        ({"MLFLOW_TOKEN": "the-token"}, "Bearer the-token"),
    ],
)
def test_each_login(mlflow, variables, wanted):
    with in_front_of(mlflow, lambda method, path, shown: None if shown == wanted else 401) as url:
        assert mlflow_server.look(target(MLFLOW_URL=url, **variables)).state == "ok"
        with pytest.raises(SwitchyardError, match=r"does not let this login in .*MLFLOW_TOKEN"):
            mlflow_server.look(target(MLFLOW_URL=url))


def test_a_login_page(mlflow):
    with (
        in_front_of(mlflow, lambda *_: 200) as url,
        pytest.raises(SwitchyardError, match=r"not MLflow's API \(HTTP 200\); .*login page"),
    ):
        mlflow_server.look(target(MLFLOW_URL=url))


def test_a_user_who_may_read_only(mlflow):
    def readers(method, path, shown):
        return 403 if method == "POST" else None

    with in_front_of(mlflow, readers) as url, pytest.raises(SwitchyardError, match=r"does not allow .*right to edit"):
        mlflow_server.look(target(MLFLOW_URL=url))


def test_a_user_who_may_create_no_run_leaves_no_experiment(mlflow):
    def no_runs(method, path, shown):
        return 403 if "runs/create" in path else None

    with in_front_of(mlflow, no_runs) as url, pytest.raises(SwitchyardError, match=r"does not allow runs/create"):
        mlflow_server.look(target(MLFLOW_URL=url))
    assert living(mlflow) == ["Default"]


def test_nobody_answers(unused):
    with pytest.raises(SwitchyardError, match=rf"MLflow at http://{unused} cannot be reached .*MLFLOW_URL"):
        mlflow_server.look(target(MLFLOW_URL=f"http://{unused}"))


def test_a_server_that_leaves_files_to_the_clients(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--no-serve-artifacts"]
    command += ["--default-artifact-root", str(tmp_path / "files")]
    url = f"http://127.0.0.1:{port}"
    with server("mlflow", command, f"{url}/health", tmp_path, {"MLFLOW_DISABLE_TELEMETRY": "true"}):
        found = mlflow_server.look(target(MLFLOW_URL=url))

    assert found.state == "failed"
    assert "--artifacts-destination" in found.advice
