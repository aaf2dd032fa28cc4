"""The server as an ASGI application: who may ask, and which part answers."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from switchyard.serving.engine.batches import Batches
from switchyard.serving.http.control_endpoints import ControlEndpoints
from switchyard.serving.http.image_endpoint import ImageEndpoint
from switchyard.serving.http.infer_endpoint import InferEndpoint
from switchyard.serving.http.metrics import Metrics
from switchyard.serving.http.post_endpoint import Headers, Receive, Scope, Send, send_error
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.config.server_options import Batching
    from switchyard.serving.engine.loaded_models import LoadedModels

logger = logging.getLogger("switchyard.serving")
_OPEN = ("/v2/health/live", "/v2/health/ready")


class Application:
    """Answers every request: what asks a model by the short way, all others by Starlette's router.

    Health is open to everybody. With a token, all else, /metrics included, needs `Authorization: Bearer TOKEN`.
    A POST from a web page (it carries `Origin`) is refused: no site may reach a server on its visitor's machine.

    Args:
        models: The versions in memory.
        max_bytes: The largest body that is read.
        token: What clients must know; None for no check.
        batching: How requests that arrive together are run as one; None: each by itself.
    """

    def __init__(
        self, models: LoadedModels, max_bytes: int, token: str | None = None, batching: Batching | None = None
    ) -> None:
        """Build all parts, with fresh counters."""
        metrics = Metrics(models)
        batches = Batches(batching, metrics) if batching is not None else None
        self._infer = InferEndpoint(models, metrics, max_bytes, batches)
        self._image = ImageEndpoint(models, metrics, max_bytes, batches)
        self._control = ControlEndpoints(models, metrics, max_bytes).application()
        self._token = token.encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] != "http":
            raise RuntimeError(f"only http is served, not {scope['type']}")
        headers: Headers = dict(scope["headers"])
        path: str = scope["path"]
        try:
            self._admit(scope["method"], path, headers)
            if path.startswith("/v2/"):
                if path.endswith("/infer"):
                    await self._infer(scope, headers, receive, send)
                    return
                if path.endswith("/predict-image"):
                    await self._image(scope, headers, receive, send)
                    return
        except RequestError as error:
            await send_error(send, error)
            return
        except Exception:
            logger.exception("%s failed", path)
            await send_error(send, RequestError("the server failed; its log says why", 500))
            return
        await self._control(scope, receive, send)

    def answer_now(self, url: bytes, headers: Headers, body: bytes) -> bytes | None:
        """The answer to a POST as bytes (see short_path.py), or None if it has to come the long way."""
        try:
            self._admit("POST", url.decode("latin-1"), headers)
            return self._infer.answer_now(url, headers, body)
        except Exception:  # the long way fails in the same place, and says so to the client, the log and the metrics
            return None

    def _admit(self, method: str, path: str, headers: Headers) -> None:
        if self._token is not None and path not in _OPEN and not self._knows_token(headers):
            raise RequestError("this server needs its token: send Authorization: Bearer TOKEN", 401)
        if b"origin" in headers and method == "POST":
            raise RequestError("requests from web pages are not answered", 403)

    def _knows_token(self, headers: Headers) -> bool:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token or b"")
