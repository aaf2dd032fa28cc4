"""Runs: created, executed, terminated, tried again, found again after a restart."""

from __future__ import annotations

import secrets
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

from rehearsal.kfp import clock, spec
from rehearsal.kfp.errors import INVALID, PRECONDITION, ApiError, not_found
from rehearsal.kfp.nodes import forget_failures, task_details, workflow_name
from rehearsal.kfp.store import Document, Store
from rehearsal.kfp.task import Executor
from rehearsal.kfp.workflow import Workflow

_ACTIVE = {"PENDING", "RUNNING", "CANCELING"}
_SERVICE_ACCOUNT = "pipeline-runner"


class Runs:
    """All runs of the server.

    Args:
        store: Where they are kept.
        executor: What runs their tasks.
        logs: The folder of their logs.
        namespace: Where tasks run that belong to no namespace of their own (single-user mode).
    """

    def __init__(self, store: Store, executor: Executor, logs: Path, namespace: str) -> None:
        self._store = store
        self._executor = executor
        self._logs = logs
        self._namespace = namespace
        self._workflows: dict[str, Workflow] = {}
        self._lock = threading.RLock()

    def create(self, given: Document, **more: Any) -> Document:
        """Starts a run.

        Args:
            given: What the caller asks for; a pipeline_spec or a pipeline_version_reference is in it.
            more: Fields that only the server itself sets.

        Raises:
            ApiError: The run cannot be.
        """
        if not given.get("display_name"):
            raise ApiError(INVALID, "Failed to create a run: Invalid input error: The run's name cannot be empty")
        package, source = self.package(given)
        _check_parameters(package, given.get("runtime_config", {}).get("parameters") or {})
        experiment = self.experiment(given.get("experiment_id", ""))
        now = clock.now()
        run = {
            "run_id": str(uuid.uuid4()),
            "experiment_id": experiment["experiment_id"],
            "display_name": given["display_name"],
            "description": given.get("description", ""),
            "storage_state": "AVAILABLE",
            "runtime_config": given.get("runtime_config", {}),
            "service_account": given.get("service_account") or _SERVICE_ACCOUNT,
            "created_at": now,
            "scheduled_at": now,
            "finished_at": clock.RUN_NOT_ENDED,
            "state": "PENDING",
            "state_history": [{"update_time": now, "state": "PENDING"}],
            **source,
            **more,
            "_package": package.document(),
            "_namespace": experiment["namespace"] or self._namespace,
        }
        run.setdefault("_workflow", workflow_name(package.name, secrets.token_hex(3)[:5]))
        self._store.put("run", run["run_id"], run)
        self._store.change(
            "experiment", experiment["experiment_id"], lambda found: found.update(last_run_created_at=now)
        )
        self._launch(run)
        return run

    def package(self, given: Document) -> tuple[spec.Package, Document]:
        """What a run or a recurring run executes, and the field of it that says so."""
        if given.get("pipeline_spec"):
            package = spec.from_document(given["pipeline_spec"])
            return package, {"pipeline_spec": package.document()}
        reference = given.get("pipeline_version_reference") or {}
        pipeline_id, version_id = reference.get("pipeline_id", ""), reference.get("pipeline_version_id", "")
        if not pipeline_id and not version_id:
            raise ApiError(
                INVALID, "Invalid input error: Failed to fetch a template with an empty pipeline spec manifest"
            )
        if version_id:
            version = self._store.get("version", version_id)
        else:
            version = next(reversed(self._store.list("version", pipeline_id)), None)
        if version is None:
            raise not_found("PipelineVersion", version_id or pipeline_id)
        reference = {key: version[key] for key in ("pipeline_id", "pipeline_version_id")}
        return spec.from_document(version["pipeline_spec"]), {"pipeline_version_reference": reference}

    def experiment(self, identifier: str) -> Document:
        """The experiment of a new run; the default one if none is named."""
        if not identifier:
            return next(found for found in self._store.list("experiment") if found["display_name"] == "Default")
        found = self._store.get("experiment", identifier)
        if found is None:
            raise not_found("Experiment", identifier)
        if found["storage_state"] == "ARCHIVED":
            raise ApiError(PRECONDITION, f"Failed to create a run: experiment {identifier} is archived")
        return found

    def get(self, run_id: str) -> Document:
        """A run.

        Raises:
            ApiError: There is none.
        """
        found = self._store.get("run", run_id)
        if found is None:
            raise not_found("Run", run_id)
        return found

    def details(self, run: Document) -> Document:
        """A run with its tasks."""
        return run | {"run_details": {"task_details": task_details(self._store, run)}}

    def active(self, recurring_run_id: str) -> int:
        """How many runs of a recurring run have not ended."""
        return sum(
            run["state"] in _ACTIVE
            for run in self._store.list("run")
            if run.get("recurring_run_id") == recurring_run_id
        )

    def terminate(self, run_id: str) -> None:
        """Ends a run early: it is CANCELING until its tasks are gone, and FAILED then, as with Argo.

        Raises:
            ApiError: It has ended.
        """
        with self._lock:
            if self.get(run_id)["state"] not in ("PENDING", "RUNNING"):
                raise ApiError(
                    INVALID,
                    f"Failed to terminate run {run_id}: Invalid input error: Failed to terminate a run "
                    f"{run_id}. Row not found",
                )
            self._state(run_id, "CANCELING")
            if run_id in self._workflows:
                self._workflows[run_id].terminate()

    def retry(self, run_id: str) -> None:
        """Starts a failed run again; tasks that succeeded are not repeated.

        Raises:
            ApiError: It has not failed.
        """
        with self._lock:
            run = self.get(run_id)
            if run["state"] != "FAILED":
                raise ApiError(
                    INVALID,
                    f"Failed to retry run {run_id}: Bad request error: workflow must be Failed/Error to retry, "
                    f"found {run['state']}",
                )
            self._executor.forget(forget_failures(self._store, run_id), run["_namespace"])
            self._store.change("run", run_id, lambda found: found.update(finished_at=clock.RUN_NOT_ENDED))
            self._launch(self.get(run_id))

    def delete(self, run_id: str) -> None:
        """Ends a run if it is active, and forgets it with its pods and logs."""
        run = self.get(run_id)
        workflow = self._workflows.pop(run_id, None)
        if workflow is not None:
            workflow.abandon()
            workflow.join(30)
        self._executor.forget(
            [node["pod"] for node in self._store.list("node", run_id) if node["pod"]], run["_namespace"]
        )
        self._store.delete_children("node", run_id)
        self._store.delete("run", run_id)
        shutil.rmtree(self._logs / run_id, ignore_errors=True)

    def log(self, run_id: str, node: str) -> str:
        """What a node has written, by the name of its pod.

        Raises:
            ApiError: There is no such node, or nothing is known of it.
        """
        run = self.get(run_id)
        for found in self._store.list("node", run_id):
            if found["pod"] == node:
                text = self._executor.log(found["pod"], run["_namespace"], self._logs / run_id / f"{found['pod']}.log")
                if text is not None:
                    return text
        raise not_found("Pod", node)

    def resume(self) -> None:
        """Goes on with the runs that had not ended when the server did."""
        for run in self._store.list("run"):
            if run["state"] in _ACTIVE:
                self._launch(run)

    def close(self) -> None:
        """Stops executing; what has not ended is left as it is."""
        with self._lock:
            workflows = list(self._workflows.values())
            for workflow in workflows:
                workflow.abandon()
        for workflow in workflows:
            workflow.join(30)

    def _launch(self, run: Document) -> None:
        run_id = run["run_id"]
        logs = self._logs / run_id
        logs.mkdir(parents=True, exist_ok=True)
        package = spec.from_document(run["_package"])
        workflow = Workflow(
            run, package, self._store, self._executor, logs, lambda succeeded: self._ended(run_id, succeeded)
        )
        with self._lock:
            self._workflows[run_id] = workflow
            if run["state"] == "CANCELING":
                workflow.terminate()
            else:
                self._state(run_id, "RUNNING")
            workflow.start()

    def _ended(self, run_id: str, succeeded: bool) -> None:
        with self._lock:
            self._state(run_id, "SUCCEEDED" if succeeded else "FAILED")
            self._workflows.pop(run_id, None)

    def _state(self, run_id: str, state: str) -> None:
        now = clock.now()

        def change(run: Document) -> None:
            if run["state_history"][-1]["state"] != state:
                run["state_history"].append({"update_time": now, "state": state})
            run["state"] = state
            if state not in _ACTIVE:
                run["finished_at"] = now

        self._store.change("run", run_id, change)


def _check_parameters(package: spec.Package, given: Document) -> None:
    declared = package.pipeline["root"].get("inputDefinitions", {}).get("parameters", {})
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise ApiError(
            INVALID,
            "Failed to create a run: Invalid input error: Parameters provided in the run are not required by the "
            f"pipeline: {', '.join(unknown)}",
        )
    for name, definition in declared.items():
        if name not in given and "defaultValue" not in definition and not definition.get("isOptional"):
            raise ApiError(
                INVALID,
                f"Failed to create a run: Invalid input error: parameter {name} is not optional, yet has neither "
                "default value nor user provided value",
            )
