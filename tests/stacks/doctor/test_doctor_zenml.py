"""ZenML's check, green and red, against a real server."""

from __future__ import annotations

import http.server
import json
import threading

import pytest
from zenml.client import Client

from rehearsal.zenml_server import zenml_server as running
from stacks.doctor import zenml_server
from stacks.doctor.target import Target
from stacks.setup.stack_file import read_stack
from switchyard.errors import SwitchyardError
from tests.stacks.doctor.conftest import target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("zenml-server")) as environment:
        yield environment


@pytest.fixture
def use(fresh_zenml, monkeypatch):
    def use(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fresh_zenml()

    return use


def test_green(server, use):
    use(**server)

    found = zenml_server.look(target())

    assert found.state == "ok", found
    assert server["ZENML_STORE_URL"] in found.seen
    assert "pipeline" in found.seen
    assert server["ZENML_STORE_API_KEY"] not in found.seen


def test_a_key_that_is_not_known(server, use):
    use(ZENML_STORE_URL=server["ZENML_STORE_URL"], ZENML_STORE_API_KEY="ZENKEY_unknown")

    found = zenml_server.look(target())

    assert found.state == "failed"
    assert "does not accept ZENML_STORE_API_KEY" in found.seen


def test_no_key(server, use):
    use(ZENML_STORE_URL=server["ZENML_STORE_URL"])

    found = zenml_server.look(target())

    assert found.state == "failed"
    assert "does not let this machine in" in found.seen
    assert "zenml login" in found.advice


def test_nobody_answers(use, unused):
    use(ZENML_STORE_URL=f"http://{unused}", ZENML_STORE_API_KEY="ZENKEY_x")

    with pytest.raises(SwitchyardError, match=rf"{unused} cannot be reached; .*ZENML_STORE_URL"):
        zenml_server.look(target())


def test_pods_need_a_server(use):
    use()

    found = zenml_server.look(target())

    assert found.state == "failed"
    assert "ZENML_STORE_URL" in found.advice


def test_a_laptop_does_not(use, tmp_path):
    local = Target("local", read_stack("local"))
    use()
    empty = zenml_server.look(local)

    Client().list_stacks()  # a Client alone opens the database only where a folder names a stack
    made = zenml_server.look(local)
    database = next(tmp_path.rglob("zenml.db"))
    database.write_bytes(b"no database" * 1000)
    broken = zenml_server.look(local)

    assert (empty.state, made.state, broken.state) == ("ok", "ok", "failed")
    assert "first run" in empty.seen
    assert str(database) in made.seen
    assert str(database) in broken.seen


@pytest.mark.parametrize(
    ("body", "word"), [(json.dumps({"version": "0.97.0"}), "0.97.0"), ("<html>", "no ZenML server")]
)
def test_something_else_answers(use, body, word):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        use(ZENML_STORE_URL=f"http://127.0.0.1:{other.server_port}", ZENML_STORE_API_KEY="ZENKEY_x")
        try:
            found = zenml_server.look(target())
            told = f"{found.state}: {found.seen}"
        except SwitchyardError as error:
            told = f"failed: {error}"
        other.shutdown()

    assert told.startswith("failed")
    assert word in told
