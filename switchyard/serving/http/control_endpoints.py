"""Everything but infer: health, metadata, the repository extension and metrics, as a Starlette application."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from switchyard.serving.http.infer_endpoint import check_content_type
from switchyard.serving.http.post_endpoint import error_body, read_body
from switchyard.serving.protocol.infer import decode_as
from switchyard.serving.protocol.messages import IndexRequest, LoadParameters, LoadRequest
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from starlette.requests import Request

    from switchyard.serving.engine.loaded_models import LoadedModels
    from switchyard.serving.http.metrics import Metrics

EXTENSIONS = ("binary_tensor_data", "model_repository", "switchyard_model_versions", "switchyard_predict_image")


def _json(value: Any, status: int = 200) -> Response:  # noqa: ANN401 - any JSON
    return Response(msgspec.json.encode(value), status, media_type="application/json")


class ControlEndpoints:
    """The handlers, each a method.

    Args:
        models: The versions in memory.
        metrics: What /metrics shows.
        max_bytes: The largest body that is read.
    """

    def __init__(self, models: LoadedModels, metrics: Metrics, max_bytes: int) -> None:
        """Keep what the handlers need."""
        self.models = models
        self.metrics = metrics
        self.max_bytes = max_bytes
        self._changing = asyncio.Lock()

    def application(self) -> Starlette:
        """The routes, with the protocol's error body for whatever goes wrong."""
        model, admin = "/v2/models/{name}", "/v2/repository/models/{name}"
        routes = [
            Route("/v2", self.server),
            Route("/v2/health/live", self.live),
            Route("/v2/health/ready", self.ready),
            Route(model, self.metadata),
            Route(model + "/ready", self.model_ready),
            Route(model + "/versions/{version}", self.metadata),
            Route(model + "/versions/{version}/ready", self.model_ready),
            Route("/v2/repository/index", self.index, methods=["POST"]),
            Route(admin + "/load", self.load, methods=["POST"]),
            Route(admin + "/unload", self.unload, methods=["POST"]),
            Route("/metrics", self.metrics_text),
        ]
        handlers: Any = {RequestError: _request_error, HTTPException: _http_error, Exception: _server_error}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def server(self, request: Request) -> Response:
        """GET /v2: what this server is."""
        return _json({"name": "switchyard", "version": "2", "extensions": EXTENSIONS})

    async def live(self, request: Request) -> Response:
        """GET /v2/health/live: the process answers."""
        return _json({"live": True})

    async def ready(self, request: Request) -> Response:
        """GET /v2/health/ready: every model that was active when the server last stopped is active again."""
        failed = self.models.failed
        if failed:
            return _json({"ready": False, "error": "; ".join(failed.values())}, 503)
        return _json({"ready": True})

    async def metadata(self, request: Request) -> Response:
        """GET /v2/models/NAME[/versions/VERSION]: what its tensors look like."""
        name = request.path_params["name"]
        model = self.models.find(name, request.path_params.get("version"))
        return _json(model.described(sorted(self.models.loaded[name], key=int)))

    async def model_ready(self, request: Request) -> Response:
        """GET …/ready: whether this model or version answers; 503 if it is only in the repository."""
        name, version = request.path_params["name"], request.path_params.get("version")
        try:
            self.models.find(name, version)
        except RequestError:
            if not self.models.exists(name, version):
                raise
            return _json({"name": name, "ready": False}, 503)
        return _json({"name": name, "ready": True})

    async def index(self, request: Request) -> Response:
        """POST /v2/repository/index: all versions and their state."""
        wanted: IndexRequest = decode_as(await self._body(request), IndexRequest)
        return _json(await asyncio.to_thread(self.models.index, wanted.ready))

    async def load(self, request: Request) -> Response:
        """POST …/load: bring a version into memory; `parameters` may say which, and whether it becomes the default."""
        chosen = await self._parameters(request)
        async with self._changing:
            version, name = _version(chosen), request.path_params["name"]
            model = await asyncio.to_thread(self.models.load, name, version, chosen.default)
        return _json({"name": model.name, "version": model.version, "active": self.models.active.get(name) is model})

    async def unload(self, request: Request) -> Response:
        """POST …/unload: take a model, or the version that `parameters` name, out of memory."""
        chosen = await self._parameters(request)
        async with self._changing:
            self.models.unload(request.path_params["name"], _version(chosen))
        return _json({"name": request.path_params["name"]})

    async def metrics_text(self, request: Request) -> Response:
        """GET /metrics, for Prometheus."""
        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def _body(self, request: Request) -> bytes:
        headers = dict(request.scope["headers"])
        body = await read_body(headers, request.receive, self.max_bytes)
        if body:
            check_content_type(headers)
        return body

    async def _parameters(self, request: Request) -> LoadParameters:
        wanted: LoadRequest = decode_as(await self._body(request), LoadRequest)
        return wanted.parameters


def _version(chosen: LoadParameters) -> str | None:
    return None if chosen.version is None else str(chosen.version)


async def _request_error(request: Request, error: RequestError) -> Response:
    headers = {"connection": "close"} if error.status == 413 else None
    return Response(error_body(str(error)), error.status, headers, "application/json")


async def _http_error(request: Request, error: HTTPException) -> Response:
    what = {404: "there is nothing at", 405: f"{request.method} is not what this takes:"}.get(error.status_code, "")
    message = f"{what} {request.url.path}" if what else str(error.detail)
    return Response(error_body(message), error.status_code, error.headers, "application/json")


async def _server_error(request: Request, error: Exception) -> Response:
    return Response(error_body("the server failed; its log says why"), 500, None, "application/json")
