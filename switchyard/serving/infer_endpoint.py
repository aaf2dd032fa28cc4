"""POST …/infer as plain ASGI: the hot path, without a router or request objects."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import msgspec

from switchyard.serving.infer import Answer, infer
from switchyard.serving.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.loaded_model import LoadedModel
    from switchyard.serving.loaded_models import LoadedModels
    from switchyard.serving.metrics import Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

_JSON_TYPES = (b"application/json", b"application/octet-stream")
_LENGTH_HEADER = b"inference-header-content-length"


class ClientGoneError(Exception):
    """The client went away before its request was complete."""


class InferEndpoint:
    """Answers infer requests of all models.

    Args:
        models: The versions in memory.
        metrics: Where requests are counted.
        max_bytes: The largest body that is read.
    """

    def __init__(self, models: LoadedModels, metrics: Metrics, max_bytes: int) -> None:
        """Keep what every request needs."""
        self.models = models
        self.metrics = metrics
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Answer the request of `scope`, whatever is wrong with it."""
        model: LoadedModel | None = None
        try:
            if scope["method"] != "POST":
                raise RequestError(f"infer takes POST, not {scope['method']}", 405)
            body = await read_body(headers, receive, self.max_bytes)
            model = self.models.find(*_target(scope["path"]))
            check_content_type(headers)
            start = time.perf_counter()
            answer = await self._answer(model, body, _header_length(headers))
        except ClientGoneError:
            return
        except RequestError as error:
            self._refused(model, error.status)
            await send_error(send, error)
            return
        except Exception:
            self._refused(model, 500)
            raise
        self.metrics.answered(model.name, model.version, time.perf_counter() - start, answer.rows)
        await _send_answer(send, answer)

    def answer_now(self, url: bytes, headers: Headers, body: bytes) -> bytes | None:
        """Headers and body of the answer to a plain request; None if it is not plain, not right or not fast."""
        if b"%" in url or b"?" in url or len(body) > self.max_bytes:
            return None
        model = self.models.find(*_target(url.decode("ascii")))
        check_content_type(headers)
        if model.pace.is_slow(len(body)):
            return None
        start = time.perf_counter()
        answer = infer(model, body, _header_length(headers))
        self.metrics.answered(model.name, model.version, time.perf_counter() - start, answer.rows)
        lines = [name + b": " + value + b"\r\n" for name, value in _answer_headers(answer)]
        return b"".join([*lines, b"\r\n", answer.body])

    def _refused(self, model: LoadedModel | None, status: int) -> None:
        self.metrics.refused(model.name if model else "", model.version if model else "", status)

    async def _answer(self, model: LoadedModel, body: bytes, header_length: int | None) -> Answer:
        if model.pace.is_slow(len(body)):
            return await asyncio.to_thread(infer, model, body, header_length)
        return infer(model, body, header_length)


def _target(path: str) -> tuple[str, str | None]:
    """The model and version in `/v2/models/NAME[/versions/VERSION]/infer`."""
    parts = path.split("/")
    if len(parts) == 5 and parts[2] == "models":
        return parts[3], None
    if len(parts) == 7 and parts[2] == "models" and parts[4] == "versions":
        return parts[3], parts[5]
    raise RequestError(f"there is nothing at {path}", 404)


def check_content_type(headers: Headers) -> None:
    """Refuse a body that says it is something else than JSON or JSON followed by tensors.

    Raises:
        RequestError: If content-type or content-encoding is another one.
    """
    content_type = headers.get(b"content-type", _JSON_TYPES[0])
    if content_type not in _JSON_TYPES and content_type.split(b";")[0].strip().lower() not in _JSON_TYPES:
        found = content_type.decode("latin-1")
        raise RequestError(f"content-type is {found}: send application/json (curl --json does)")
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise RequestError("content-encoding is not supported: send the body as it is")


def _header_length(headers: Headers) -> int | None:
    value = headers.get(_LENGTH_HEADER)
    if value is None:
        return None
    if not value.isdigit() or len(value) > 12:
        raise RequestError(f"Inference-Header-Content-Length is {value.decode('latin-1')!r}, not a number of bytes")
    return int(value)


async def read_body(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The whole body of a request.

    Raises:
        RequestError: If it is longer than `max_bytes` (413).
        ClientGoneError: If the client went away.
    """
    length = headers.get(b"content-length")
    if length is not None and int(length) > max_bytes:
        await _discard(headers, receive)
        raise _too_large(max_bytes)
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > max_bytes:
            await _discard(headers, receive)
            raise _too_large(max_bytes)
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(f"the body is larger than {max_bytes} bytes", 413)


async def _discard(headers: Headers, receive: Receive, limit: int = 64 * 2**20) -> None:
    """Read what a client is still sending, up to a limit: most read the answer only after they have sent all."""
    if headers.get(b"expect", b"").lower() == b"100-continue":
        return
    read, more = 0, True
    while more and read < limit:
        message = await receive()
        more = message.get("more_body", False)
        read += len(message.get("body", b""))


def _answer_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer.body))]
    if answer.header_length is not None:
        headers[0] = (b"content-type", b"application/octet-stream")
        headers.append((_LENGTH_HEADER, b"%d" % answer.header_length))
    return headers


async def _send_answer(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _answer_headers(answer)})
    await send({"type": "http.response.body", "body": answer.body})


def error_body(message: str) -> bytes:
    """The protocol's error object; whatever is not text in a message is replaced."""
    return msgspec.json.encode({"error": message.encode("utf-8", "replace").decode()})


_EXTRA_HEADERS = {
    401: (b"www-authenticate", b"Bearer"),
    405: (b"allow", b"POST"),
    413: (b"connection", b"close"),
}


async def send_error(send: Send, error: RequestError) -> None:
    """Answer with the protocol's error body."""
    body = error_body(str(error))
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if error.status in _EXTRA_HEADERS:
        headers.append(_EXTRA_HEADERS[error.status])
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
