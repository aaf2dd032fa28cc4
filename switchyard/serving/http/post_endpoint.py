"""A POST to a model as plain ASGI: read the body, find the version, answer, count; no router, no request objects."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.engine.batches import Batches
    from switchyard.serving.engine.loaded_model import LoadedModel
    from switchyard.serving.engine.loaded_models import LoadedModels
    from switchyard.serving.http.metrics import Metrics
    from switchyard.serving.protocol.infer import Answer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = dict[bytes, bytes]

LENGTH_HEADER = b"inference-header-content-length"


class ClientGoneError(Exception):
    """The client went away before its request was complete."""


class PostEndpoint(ABC):
    """Answers one kind of request, which is `verb` at the end of the path, of all models.

    Args:
        models: The versions in memory.
        metrics: Where requests are counted.
        max_bytes: The largest body that is read.
        batches: Runs requests that arrive together as one; None to run each by itself.
    """

    verb: ClassVar[str]

    def __init__(self, models: LoadedModels, metrics: Metrics, max_bytes: int, batches: Batches | None = None) -> None:
        """Keep what every request needs."""
        self.models = models
        self.metrics = metrics
        self.max_bytes = max_bytes
        self.batches = batches

    @abstractmethod
    async def answer(self, model: LoadedModel, headers: Headers, body: bytes) -> Answer:
        """The answer of a version.

        Raises:
            RequestError: If the request is not one that this model can answer.
        """

    async def __call__(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Answer the request of `scope`, whatever is wrong with it."""
        model: LoadedModel | None = None
        try:
            if scope["method"] != "POST":
                raise RequestError(f"{self.verb} takes POST, not {scope['method']}", 405)
            body = await read_body(headers, receive, self.max_bytes)
            model = self.models.find(*target(scope["path"]))
            start = time.perf_counter()
            answer = await self.answer(model, headers, body)
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
        await send_answer(send, answer)

    def _refused(self, model: LoadedModel | None, status: int) -> None:
        self.metrics.refused(model.name if model else "", model.version if model else "", status)


def target(path: str) -> tuple[str, str | None]:
    """The model and version in `/v2/models/NAME[/versions/VERSION]/VERB`."""
    parts = path.split("/")
    if len(parts) == 5 and parts[2] == "models":
        return parts[3], None
    if len(parts) == 7 and parts[2] == "models" and parts[4] == "versions":
        return parts[3], parts[5]
    raise RequestError(f"there is nothing at {path}", 404)


def check_content_encoding(headers: Headers) -> None:
    """Refuse a compressed body.

    Raises:
        RequestError: If it says that it is one.
    """
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise RequestError("content-encoding is not supported: send the body as it is")


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


def answer_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """What says how to read the body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer.body))]
    if answer.header_length is not None:
        headers[0] = (b"content-type", b"application/octet-stream")
        headers.append((LENGTH_HEADER, b"%d" % answer.header_length))
    return headers


async def send_answer(send: Send, answer: Answer) -> None:
    """Answer with 200."""
    await send({"type": "http.response.start", "status": 200, "headers": answer_headers(answer)})
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
