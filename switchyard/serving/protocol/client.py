"""A small client of the Open Inference Protocol: what a deployment asks of a server."""

from __future__ import annotations

import http.client
import json
import os
from typing import Any
from urllib.parse import quote, urlsplit

from switchyard.errors import SwitchyardError

_SECONDS = 30.0


def ready(url: str, token: str | None = None) -> bool:
    """Whether a server answers at `url` and says that all its models are ready; False also if none answers."""
    try:
        status, _ = _exchange(url, "GET", "/v2/health/ready", None, token, 5.0)
    except SwitchyardError:
        return False
    return status == 200


def live(url: str, token: str | None = None) -> bool:
    """Whether a server answers at `url`, be its models ready or not."""
    try:
        status, _ = _exchange(url, "GET", "/v2/health/live", None, token, 5.0)
    except SwitchyardError:
        return False
    return status == 200


def metadata(url: str, name: str, version: int | None = None, token: str | None = None) -> dict[str, Any]:
    """Name, versions and tensors of a model.

    Raises:
        SwitchyardError: If the server does not answer or refuses.
    """
    answer: dict[str, Any] = _ask(url, "GET", _model(name, version), None, token)
    return answer


def index(url: str, token: str | None = None) -> list[dict[str, Any]]:
    """Every version in the server's repository and its state.

    Raises:
        SwitchyardError: If the server does not answer or refuses.
    """
    answer: list[dict[str, Any]] = _ask(url, "POST", "/v2/repository/index", {}, token)
    return answer


def load(url: str, name: str, version: int | None = None, default: bool | None = None, token: str | None = None) -> int:
    """Bring a version into the server's memory, and make it the one that answers if `default`.

    Returns:
        The version's number.

    Raises:
        SwitchyardError: If the server does not answer or cannot load it.
    """
    parameters = {"version": None if version is None else str(version), "default": default}
    answer = _ask(url, "POST", f"/v2/repository/models/{quote(name)}/load", {"parameters": parameters}, token)
    return int(answer["version"])


def unload(url: str, name: str, version: int | None = None, token: str | None = None) -> None:
    """Take one version, or the whole model, out of the server's memory.

    Raises:
        SwitchyardError: If the server does not answer or refuses.
    """
    parameters = {"version": None if version is None else str(version)}
    _ask(url, "POST", f"/v2/repository/models/{quote(name)}/unload", {"parameters": parameters}, token)


def infer(url: str, name: str, version: int | None, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """The answer of a version, or of the active one if `version` is None.

    Raises:
        SwitchyardError: If the server does not answer or refuses the request.
    """
    answer: dict[str, Any] = _ask(url, "POST", _model(name, version) + "/infer", body, token)
    return answer


def infer_binary(
    url: str, name: str, version: int | None, body: dict[str, Any], token: str | None = None
) -> dict[str, Any]:
    """As `infer`, with the inputs sent as binary data: a missing value becomes NaN or "", as every server reads it.

    Raises:
        SwitchyardError: If the server does not answer or refuses the request.
    """
    from switchyard.serving.protocol.binary_request import encode

    header, tensors = encode(body)
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))}
    answer: dict[str, Any] = _ask(url, "POST", _model(name, version) + "/infer", header + tensors, token, headers)
    return answer


def _model(name: str, version: int | None) -> str:
    return f"/v2/models/{quote(name)}" + ("" if version is None else f"/versions/{version}")


def _ask(
    url: str,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None,
    token: str | None,
    headers: dict[str, str] | None = None,
) -> Any:  # noqa: ANN401 - JSON
    status, content = _exchange(url, method, path, body, token, _SECONDS, headers)
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise SwitchyardError(f"{url}{path} answers {status} with something that is not JSON") from error
    if status != 200:
        reason = answer.get("error", status) if isinstance(answer, dict) else status
        raise SwitchyardError(f"{url}{path} answers {status}: {reason}")
    return answer


def _exchange(
    url: str,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None,
    token: str | None,
    seconds: float,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    token = token or os.environ.get("SWITCHYARD_TOKEN", "").strip() or None
    headers = dict(headers or {})
    if isinstance(body, dict):
        headers["Content-Type"], body = "application/json", json.dumps(body).encode()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    place = urlsplit(url)
    connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = connect(place.netloc, timeout=seconds)
    try:
        connection.request(method, place.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise SwitchyardError(f"{url} does not answer: {error or type(error).__name__}") from error
    finally:
        connection.close()
