"""ZenML: reachable, where pods can reach it if the stack has any, signed in, and of this version."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target
from switchyard.errors import SwitchyardError

_SECONDS = 10.0


def look(target: Target) -> Finding | None:
    """Asks the server that a run would use."""
    from zenml import __version__
    from zenml.config.global_config import GlobalConfiguration

    store = GlobalConfiguration().store_configuration
    if store.type.value != "rest":
        return _own_database(target, store.url)
    server = server_info(store)
    if server["version"] != __version__:
        return failed(
            f"the server at {store.url} is ZenML {server['version']}, here is {__version__}",
            f"upgrade the older one: they must be the same (the project is made for {__version__})",
        )
    return _signed_in(store, __version__)


def server_info(store: Any) -> dict[str, Any]:  # noqa: ANN401 - ZenML's settings of a server
    """What the server says of itself, which it tells anybody.

    Raises:
        SwitchyardError: It cannot be reached, or what answers is no ZenML server.
    """
    import requests

    try:
        answer = requests.get(f"{store.url}/api/v1/info", timeout=_SECONDS, verify=_verify(store))
        info: dict[str, Any] = answer.json()
        info["version"]
    except requests.exceptions.SSLError as error:
        raise SwitchyardError(
            f"the certificate of the ZenML server at {store.url} is not trusted; point ZENML_STORE_VERIFY_SSL to a "
            "file with its certificate authority"
        ) from error
    except (requests.ConnectionError, requests.Timeout) as error:
        raise SwitchyardError(
            f"the ZenML server at {store.url} cannot be reached; start it, or correct ZENML_STORE_URL"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SwitchyardError(
            f"what answers at {store.url} is no ZenML server (HTTP {answer.status_code}); correct ZENML_STORE_URL, or "
            "let requests to /api pass what stands before it"
        ) from error
    return info


def accepts(store: Any, key: str) -> bool:  # noqa: ANN401 - ZenML's settings of a server
    """Whether the server lets a service account in with this key."""
    import requests

    form = {"grant_type": "zenml-api-key", "password": key}
    answer = requests.post(f"{store.url}/api/v1/login", data=form, timeout=_SECONDS, verify=_verify(store))
    return answer.status_code == 200


def _verify(store: Any) -> bool | str:  # noqa: ANN401 - ZenML's settings of a server
    """As ZENML_STORE_VERIFY_SSL says: yes, no, a file with authorities, or their text, which ZenML puts into a file."""
    from zenml.zen_stores.rest_zen_store import RestZenStoreConfiguration

    wanted = str(getattr(store, "verify_ssl", True))
    if wanted.lower() in ("true", "false", ""):
        return wanted.lower() != "false"
    return str(RestZenStoreConfiguration.validate_verify_ssl(wanted))


def _own_database(target: Target, url: str) -> Finding:
    """It is read and not opened by ZenML, which would make or migrate it."""
    from zenml import __version__

    if target.has("orchestrator", "KubeflowFlavor"):
        return failed(
            "ZenML uses its own database on this machine, which no pod can reach",
            "set ZENML_STORE_URL and ZENML_STORE_API_KEY, or sign in with: zenml login URL",
        )
    file = Path(url.removeprefix("sqlite:///"))
    if not file.exists():
        return ok(f"{__version__}; the first run makes its database {file}")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return failed(f"its database {file} cannot be read ({error})", "point ZENML_CONFIG_PATH to another folder")
    return ok(f"{__version__} with a database of its own, {file}")


def _signed_in(store: Any, version: str) -> Finding:  # noqa: ANN401 - ZenML's settings of a server
    from zenml.config.global_config import GlobalConfiguration

    key = os.environ.get("ZENML_STORE_API_KEY", "")
    if key and not accepts(store, key):
        return failed(
            f"the server at {store.url} does not accept ZENML_STORE_API_KEY",
            "make a new key: zenml service-account api-key ACCOUNT create NAME",
        )
    try:
        name = GlobalConfiguration().zen_store.get_user().name  # a Client would look at the folder's stack, too
    except Exception as error:  # ZenML raises errors of many kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return failed(
            f"the server at {store.url} does not let this machine in ({reason})",
            "set ZENML_STORE_API_KEY to the key of a service account, or sign in with: zenml login URL",
        )
    return ok(f"{version} at {store.url}, signed in as {name}")
