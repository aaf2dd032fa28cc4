"""The HTTP API: routes, who may call them, and how errors look."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rehearsal.kfp import clock, spec
from rehearsal.kfp.access import Access
from rehearsal.kfp.errors import EXISTS, INVALID, NOT_FOUND, UNIMPLEMENTED, ApiError, not_found
from rehearsal.kfp.filters import page
from rehearsal.kfp.nodes import manifest
from rehearsal.kfp.runs import Runs
from rehearsal.kfp.scheduler import Scheduler
from rehearsal.kfp.store import Document, Store

_V2 = "/apis/v2beta1"
_COMMON = ["display_name", "name", "description", "created_at"]
_RUN_KEYS = [
    "run_id",
    *_COMMON,
    "experiment_id",
    "state",
    "storage_state",
    "scheduled_at",
    "finished_at",
    "service_account",
    "recurring_run_id",
]
_RECURRING_KEYS = ["recurring_run_id", *_COMMON, "experiment_id", "status", "mode", "updated_at"]
_EXPERIMENT_KEYS = ["experiment_id", *_COMMON, "namespace", "storage_state", "last_run_created_at"]
_PIPELINE_KEYS = ["pipeline_id", *_COMMON, "namespace"]
_VERSION_KEYS = ["pipeline_version_id", *_COMMON, "pipeline_id"]
Handler = Callable[[Request], Awaitable[Response]]


class Api:
    """The handlers.

    Args:
        store: Of all objects.
        runs: All runs.
        scheduler: All recurring runs.
        access: Who may call.
        outage: While this file exists, every request is answered as by a proxy whose server is away.
    """

    def __init__(self, store: Store, runs: Runs, scheduler: Scheduler, access: Access, outage: Path) -> None:
        self._outage = outage
        self._store = store
        self._runs = runs
        self._scheduler = scheduler
        self._access = access

    def app(self) -> Starlette:
        """The application."""
        experiments, pipelines = f"{_V2}/experiments", f"{_V2}/pipelines"
        runs, recurring = f"{_V2}/runs", f"{_V2}/recurringruns"
        routes = [
            ("GET", f"{_V2}/healthz", self._healthz),
            ("GET", experiments, self._list_experiments),
            ("POST", experiments, self._create_experiment),
            ("GET", experiments + "/{id}", self._get_experiment),
            ("DELETE", experiments + "/{id}", self._delete_experiment),
            ("POST", experiments + "/{id}:archive", self._archiver("experiment", "ARCHIVED")),
            ("POST", experiments + "/{id}:unarchive", self._archiver("experiment", "AVAILABLE")),
            ("POST", pipelines + "/upload", self._upload_pipeline),
            ("POST", pipelines + "/upload_version", self._upload_version),
            ("GET", pipelines + "/names/{name}", self._get_pipeline_by_name),
            ("GET", pipelines, self._list_pipelines),
            ("POST", pipelines, self._create_pipeline),
            ("GET", pipelines + "/{id}", self._get_pipeline),
            ("DELETE", pipelines + "/{id}", self._delete_pipeline),
            ("GET", pipelines + "/{id}/versions", self._list_versions),
            ("GET", pipelines + "/{id}/versions/{version}", self._get_version),
            ("DELETE", pipelines + "/{id}/versions/{version}", self._delete_version),
            ("GET", runs, self._list_runs),
            ("POST", runs, self._create_run),
            ("GET", runs + "/{id}", self._get_run),
            ("DELETE", runs + "/{id}", self._on_run(self._runs.delete)),
            ("POST", runs + "/{id}:terminate", self._on_run(self._runs.terminate)),
            ("POST", runs + "/{id}:retry", self._on_run(self._runs.retry)),
            ("POST", runs + "/{id}:archive", self._archiver("run", "ARCHIVED")),
            ("POST", runs + "/{id}:unarchive", self._archiver("run", "AVAILABLE")),
            ("GET", "/apis/v1beta1/runs/{id}", self._get_run_v1),
            ("GET", "/apis/v1beta1/runs/{id}/nodes/{node}/log", self._log),
            ("GET", recurring, self._list_recurring),
            ("POST", recurring, self._create_recurring),
            ("GET", recurring + "/{id}", self._get_recurring),
            ("DELETE", recurring + "/{id}", self._on_recurring(self._scheduler.delete)),
            ("POST", recurring + "/{id}:enable", self._on_recurring(lambda i: self._scheduler.switch(i, True))),
            ("POST", recurring + "/{id}:disable", self._on_recurring(lambda i: self._scheduler.switch(i, False))),
        ]
        return Starlette(
            routes=[Route(path, self._guarded(handler), methods=[method]) for method, path, handler in routes],
            exception_handlers={ApiError: _refused, HTTPException: _unknown},
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if self._outage.exists():
                return PlainTextResponse("upstream connect error or disconnect/reset before headers", status_code=503)
            self._access.check(request.headers)
            return await handler(request)

        return guarded

    async def _healthz(self, request: Request) -> Response:
        return JSONResponse({"multi_user": self._access.multi_user, "pipeline_store": "database"})

    # Experiments

    async def _create_experiment(self, request: Request) -> Response:
        given = await _body(request)
        namespace = self._access.namespace(given.get("namespace", ""), "An experiment")
        name = given.get("display_name", "")
        if not name:
            raise ApiError(INVALID, "Invalid input error: Experiment's name cannot be empty")
        if any(
            found["display_name"] == name and found["namespace"] == namespace
            for found in self._store.list("experiment")
        ):
            raise ApiError(
                EXISTS,
                "Failed to create a new experiment: Already exist error: Failed to create a new experiment. The name "
                f"{name} already exists. Please specify a new name",
            )
        return _show(new_experiment(self._store, name, namespace, given.get("description", "")))

    async def _get_experiment(self, request: Request) -> Response:
        return _show(self._experiment(request.path_params["id"]))

    async def _list_experiments(self, request: Request) -> Response:
        namespace = self._access.namespace(request.query_params.get("namespace", ""), "A list of experiments")
        found = [each for each in self._store.list("experiment") if each["namespace"] == namespace]
        return _list("experiments", found, request, _EXPERIMENT_KEYS)

    async def _delete_experiment(self, request: Request) -> Response:
        experiment = self._experiment(request.path_params["id"])
        self._store.delete("experiment", experiment["experiment_id"])
        return JSONResponse({})

    def _experiment(self, identifier: str) -> Document:
        found = self._store.get("experiment", identifier)
        if found is None:
            raise not_found("Experiment", identifier)
        self._access.may_enter(found["namespace"])
        return found

    def _archiver(self, kind: str, state: str) -> Handler:
        async def archive(request: Request) -> Response:
            identifier = request.path_params["id"]
            self._experiment(identifier) if kind == "experiment" else self._run(identifier)
            self._store.change(kind, identifier, lambda found: found.update(storage_state=state))
            return JSONResponse({})

        return archive

    # Pipelines and their versions

    async def _upload_pipeline(self, request: Request) -> Response:
        package, name = await _uploaded(request)
        namespace = request.query_params.get("namespace", "")
        if namespace or self._access.multi_user:
            namespace = self._access.namespace(namespace, "A pipeline")
        if self._named(name, namespace):
            return _upload_error(409, "Failed to create a pipeline and a pipeline version")
        pipeline = self._new_pipeline(name, namespace, request.query_params.get("description", ""))
        self._new_version(pipeline, name, package, request.query_params.get("description", ""))
        return _show(pipeline)

    async def _upload_version(self, request: Request) -> Response:
        package, name = await _uploaded(request)
        pipeline = self._store.get("pipeline", request.query_params.get("pipelineid", ""))
        if pipeline is None:
            return _upload_error(400, "Failed to create a pipeline version")
        self._access.may_enter(pipeline["namespace"])
        if any(found["name"] == name for found in self._store.list("version", pipeline["pipeline_id"])):
            return _upload_error(409, "Failed to create a pipeline version")
        return _show(self._new_version(pipeline, name, package, request.query_params.get("description", "")))

    async def _create_pipeline(self, request: Request) -> Response:
        given = await _body(request)
        name = given.get("name") or given.get("display_name", "")
        if self._named(name, given.get("namespace", "")):
            raise ApiError(
                EXISTS, f"Already exist error: Failed to create a new pipeline. The name {name} already exists"
            )
        return _show(self._new_pipeline(name, given.get("namespace", ""), given.get("description", "")))

    def _new_pipeline(self, name: str, namespace: str, description: str) -> Document:
        pipeline = {
            "pipeline_id": str(uuid.uuid4()),
            "display_name": name,
            "name": name,
            "description": description,
            "created_at": clock.now(),
            "namespace": namespace,
        }
        self._store.put("pipeline", pipeline["pipeline_id"], pipeline)
        return pipeline

    def _new_version(self, pipeline: Document, name: str, package: spec.Package, description: str) -> Document:
        version = {
            "pipeline_id": pipeline["pipeline_id"],
            "pipeline_version_id": str(uuid.uuid4()),
            "display_name": name,
            "name": name,
            "description": description,
            "created_at": clock.now(),
            "pipeline_spec": package.document(),
        }
        self._store.put("version", version["pipeline_version_id"], version, parent=pipeline["pipeline_id"])
        return version

    def _named(self, name: str, namespace: str) -> Document | None:
        found = self._store.list("pipeline")
        return next((each for each in found if each["name"] == name and each["namespace"] == namespace), None)

    async def _get_pipeline_by_name(self, request: Request) -> Response:
        name, namespace = request.path_params["name"], request.query_params.get("namespace", "")
        found = self._named(name, namespace)
        if found is None:
            raise ApiError(
                NOT_FOUND, f"Failed to get pipeline {name}: ResourceNotFoundError: Pipeline {name} not found"
            )
        return _show(found)

    async def _list_pipelines(self, request: Request) -> Response:
        namespace = request.query_params.get("namespace", "")
        found = [each for each in self._store.list("pipeline") if each["namespace"] == namespace]
        return _list("pipelines", found, request, _PIPELINE_KEYS)

    def _pipeline(self, identifier: str) -> Document:
        found = self._store.get("pipeline", identifier)
        if found is None:
            raise not_found("Pipeline", identifier)
        self._access.may_enter(found["namespace"])
        return found

    async def _get_pipeline(self, request: Request) -> Response:
        return _show(self._pipeline(request.path_params["id"]))

    async def _delete_pipeline(self, request: Request) -> Response:
        identifier = self._pipeline(request.path_params["id"])["pipeline_id"]
        if self._store.list("version", identifier) and request.query_params.get("cascade", "").lower() != "true":
            raise ApiError(
                INVALID,
                f"Failed to delete pipeline {identifier}: Invalid input error: it still has pipeline versions; delete "
                "them first or set cascade",
            )
        self._store.delete_children("version", identifier)
        self._store.delete("pipeline", identifier)
        return JSONResponse({})

    async def _list_versions(self, request: Request) -> Response:
        pipeline = self._pipeline(request.path_params["id"])
        found = self._store.list("version", pipeline["pipeline_id"])
        return _list("pipeline_versions", found, request, _VERSION_KEYS)

    def _version(self, request: Request) -> Document:
        found = self._store.get("version", request.path_params["version"])
        if found is None or found["pipeline_id"] != request.path_params["id"]:
            raise not_found("PipelineVersion", request.path_params["version"])
        return found

    async def _get_version(self, request: Request) -> Response:
        return _show(self._version(request))

    async def _delete_version(self, request: Request) -> Response:
        self._store.delete("version", self._version(request)["pipeline_version_id"])
        return JSONResponse({})

    # Runs

    async def _create_run(self, request: Request) -> Response:
        given = await _body(request)
        self._access.may_enter(self._runs.experiment(given.get("experiment_id", ""))["namespace"])
        run = await run_in_threadpool(self._runs.create, given)
        return _show(self._runs.details(run))

    def _run(self, identifier: str) -> Document:
        run = self._runs.get(identifier)
        experiment = self._store.get("experiment", run["experiment_id"])
        if experiment is not None:
            self._access.may_enter(experiment["namespace"])
        return run

    async def _get_run(self, request: Request) -> Response:
        return _show(self._runs.details(self._run(request.path_params["id"])))

    async def _get_run_v1(self, request: Request) -> Response:
        run = self._run(request.path_params["id"])
        shown = {"id": run["run_id"], "name": run["display_name"], "created_at": run["created_at"]}
        runtime = {"workflow_manifest": json.dumps(manifest(self._store, run))}
        return JSONResponse({"run": shown, "pipeline_runtime": runtime})

    async def _list_runs(self, request: Request) -> Response:
        found = self._in_namespace(self._store.list("run"), request, "A list of runs")
        return _list("runs", found, request, _RUN_KEYS)

    def _in_namespace(self, documents: list[Document], request: Request, what: str) -> list[Document]:
        if experiment := request.query_params.get("experiment_id"):
            self._experiment(experiment)
            return [each for each in documents if each["experiment_id"] == experiment]
        namespace = self._access.namespace(request.query_params.get("namespace", ""), what)
        inside = {each["experiment_id"] for each in self._store.list("experiment") if each["namespace"] == namespace}
        return [each for each in documents if each["experiment_id"] in inside]

    def _on_run(self, action: Callable[[str], None]) -> Handler:
        async def act(request: Request) -> Response:
            await run_in_threadpool(action, self._run(request.path_params["id"])["run_id"])
            return JSONResponse({})

        return act

    async def _log(self, request: Request) -> Response:
        try:
            run = self._run(request.path_params["id"])
            text = await run_in_threadpool(self._runs.log, run["run_id"], request.path_params["node"])
        except ApiError as error:
            return _upload_error(500, error.message)
        return PlainTextResponse(text, headers={"Cache-Control": "no-cache, private"})

    # Recurring runs

    async def _create_recurring(self, request: Request) -> Response:
        given = await _body(request)
        self._access.may_enter(self._runs.experiment(given.get("experiment_id", ""))["namespace"])
        return _show(self._scheduler.create(given))

    async def _get_recurring(self, request: Request) -> Response:
        return _show(self._recurring(request.path_params["id"]))

    def _recurring(self, identifier: str) -> Document:
        found = self._scheduler.get(identifier)
        self._access.may_enter(found["namespace"])
        return found

    async def _list_recurring(self, request: Request) -> Response:
        found = self._in_namespace(self._store.list("recurring"), request, "A list of recurring runs")
        return _list("recurringRuns", found, request, _RECURRING_KEYS)

    def _on_recurring(self, action: Callable[[str], None]) -> Handler:
        async def act(request: Request) -> Response:
            await run_in_threadpool(action, self._recurring(request.path_params["id"])["recurring_run_id"])
            return JSONResponse({})

        return act


def new_experiment(store: Store, name: str, namespace: str, description: str) -> Document:
    """Adds an experiment."""
    experiment = {
        "experiment_id": str(uuid.uuid4()),
        "display_name": name,
        "description": description,
        "created_at": clock.now(),
        "namespace": namespace,
        "storage_state": "AVAILABLE",
        "last_run_created_at": clock.RUN_NOT_ENDED,
    }
    store.put("experiment", experiment["experiment_id"], experiment)
    return experiment


async def _body(request: Request) -> Document:
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise ApiError(INVALID, f"invalid character in the request's body: {error}") from error
    if not isinstance(given, dict):
        raise ApiError(INVALID, "the request's body is no object")
    return given


async def _uploaded(request: Request) -> tuple[spec.Package, str]:
    form = await request.form()
    file = form.get("uploadfile")
    if not isinstance(file, UploadFile):
        raise ApiError(INVALID, "Failed to read pipeline from file")
    package = spec.from_file(file.filename or "", await file.read())
    query = request.query_params
    return package, query.get("name") or query.get("display_name") or file.filename or package.name


def _show(document: Document) -> Response:
    return JSONResponse(_public(document))


def _list(field: str, documents: list[Document], request: Request, keys: list[str]) -> Response:
    found, total, token = page(documents, dict(request.query_params), keys)
    body: dict[str, Any] = {"total_size": total}
    if found:
        body[field] = [_public(document) for document in found]
    if token:
        body["next_page_token"] = token
    return JSONResponse(body)


def _public(document: Document) -> Document:
    """What is the server's own starts with an underscore; empty text is not sent."""
    return {key: value for key, value in document.items() if not key.startswith("_") and value != ""}


def _upload_error(status: int, message: str) -> Response:
    """How the handlers that are not behind grpc-gateway answer."""
    return JSONResponse({"error_message": message, "error_details": message}, status_code=status)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    if "/upload" in request.url.path:
        return _upload_error(error.status, error.message)
    return JSONResponse(error.body(), status_code=error.status)


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = (
        ApiError(NOT_FOUND, "Not Found") if error.status_code == 404 else ApiError(UNIMPLEMENTED, "Method Not Allowed")
    )
    return JSONResponse(refusal.body(), status_code=refusal.status)
