"""A ZenML server of its own, with a service account that the rehearsal signs in as."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from rehearsal.processes import free_port, server

_APP = "zenml.zen_server.zen_server_api:app"


@contextmanager
def zenml_server(folder: Path, port: int = 0) -> Iterator[dict[str, str]]:
    """Starts the server; its database stays in the folder, so that it can be started again.

    Args:
        folder: For its state and log.
        port: 0 for a free one.

    Yields:
        The environment in which a client signs in: `ZENML_STORE_URL` and `ZENML_STORE_API_KEY`.
    """
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    password_file = folder / "password"
    folder.mkdir(parents=True, exist_ok=True)
    if not password_file.exists():
        password_file.write_text(secrets.token_urlsafe(16))
    environment = {
        "ZENML_CONFIG_PATH": str(folder / "server"),
        "ZENML_SERVER_DEPLOYMENT_TYPE": "other",  # a server that runs on the user's own machine is refused as remote
        "ZENML_SERVER_AUTO_ACTIVATE": "1",
        "ZENML_DEFAULT_USER_PASSWORD": password_file.read_text(),
        "ZENML_SERVER_JWT_SECRET_KEY": password_file.read_text() * 3,  # the same after a restart
        "ZENML_ANALYTICS_OPT_IN": "false",
        "ZENML_STORE_URL": f"sqlite:///{folder / 'server.db'}",
        "ZENML_STORE_TYPE": "sql",
    }
    command = [sys.executable, "-m", "uvicorn", _APP, "--host", "127.0.0.1", "--port", str(port)]
    with server("zenml", [*command, "--log-level", "warning"], f"{url}/health", folder, environment):
        yield {"ZENML_STORE_URL": url, "ZENML_STORE_API_KEY": _api_key(url, folder, password_file.read_text())}


def _api_key(url: str, folder: Path, password: str) -> str:
    """The key of a service account, made once."""
    kept = folder / "api_key"
    if kept.exists():
        return kept.read_text()
    with requests.Session() as session:
        login = session.post(f"{url}/api/v1/login", data={"username": "default", "password": password}, timeout=30)
        login.raise_for_status()
        session.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        account = session.post(f"{url}/api/v1/service_accounts", json={"name": "pipeline", "active": True}, timeout=30)
        account.raise_for_status()
        keys = f"{url}/api/v1/service_accounts/{account.json()['id']}/api_keys"
        key = session.post(keys, json={"name": "rehearsal"}, timeout=30)
        key.raise_for_status()
    kept.write_text(key.json()["body"]["key"])
    kept.chmod(0o600)
    return kept.read_text()
