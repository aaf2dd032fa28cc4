"""The MLflow tracker takes no key, user and password, or a token; and sends what it was given."""

from __future__ import annotations

import base64
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr
from zenml.enums import StackComponentType
from zenml.stack import StackComponent

from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import StackFile
from switchyard.errors import InputError

TRACKER = StackComponentType.EXPERIMENT_TRACKER
USER = {"tracking_username": "{{user.name}}", "tracking_password": "{{user.password}}"}
TOKEN = {"tracking_token": "{{token.it}}"}
WAYS = {
    "nothing": ({}, None),
    "user and password": (USER, f"Basic {base64.b64encode(b'me:the-password').decode()}"),
    "token": (TOKEN, "Bearer the-token"),
}


@pytest.fixture(scope="module")
def asked():
    """A server that notes the Authorization of each request; what it answers does not matter here."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        seen.append(f"http://127.0.0.1:{server.server_port}")
        yield seen
        server.shutdown()


def stack(config):
    parts = {"orchestrator": {"flavor": "local"}, "artifact_store": {"flavor": "local"}}
    parts["experiment_tracker"] = {"flavor": "stacks.trackers.mlflow.flavor.TrackerFlavor", "config": config}
    secrets = {"user": {"name": "me", "password": "the-password"}, "token": {"it": "the-token"}}
    return StackFile(
        components={kind: {"name": "ways", **each} for kind, each in parts.items()},
        secrets={name: {key: SecretStr(text) for key, text in each.items()} for name, each in secrets.items()},
    )


@pytest.mark.parametrize("way", WAYS)
def test_each_way_in_reaches_the_server(zenml, asked, monkeypatch, way):
    import mlflow

    config, expected = WAYS[way]
    for name in ("URI", "USERNAME", "PASSWORD", "TOKEN", "INSECURE_TLS"):
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", "x")
        del os.environ[f"MLFLOW_TRACKING_{name}"]
    apply_stack("ways", stack({"tracking_uri": asked[0], **config}))
    tracker = StackComponent.from_model(zenml.get_stack_component(TRACKER, "ways"))

    tracker.configure_mlflow()
    try:
        mlflow.search_experiments()
    finally:
        mlflow.set_tracking_uri("")

    assert asked[-1] == expected
    assert len(asked) > 1


@pytest.mark.parametrize("config", [{"tracking_username": "{{user.name}}"}, {"tracking_password": "{{user.password}}"}])
def test_half_a_login_is_refused(zenml, config):
    with pytest.raises(InputError, match="belong together"):
        apply_stack("half", stack({"tracking_uri": "http://127.0.0.1:9", **config}))


def test_two_ways_at_once_are_refused(zenml):
    with pytest.raises(InputError, match="exclude each other"):
        apply_stack("both", stack({"tracking_uri": "http://127.0.0.1:9", **USER, **TOKEN}))
