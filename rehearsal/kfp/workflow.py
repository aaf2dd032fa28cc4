"""The execution of one run: its DAGs, its tasks and their attempts, in the order that the spec asks for."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehearsal.kfp import cache
from rehearsal.kfp.dag import Dag
from rehearsal.kfp.nodes import Nodes, ended
from rehearsal.kfp.spec import Package
from rehearsal.kfp.store import Document, Store
from rehearsal.kfp.task import Attempt, Executor, Outcome
from rehearsal.kfp.values import NullParameterError, Placeholders, Scope

_IMPLEMENTATION = "system-container-impl"


class Workflow:
    """One run, in a thread of its own. Started again after a failure or a restart, it goes on where it was."""

    def __init__(
        self,
        run: Document,
        package: Package,
        store: Store,
        executor: Executor,
        logs: Path,
        done: Callable[[bool], None],
    ) -> None:
        self.package = package
        self.name: str = run["_workflow"]
        self.nodes = Nodes(store, run["run_id"], self.name)
        self.placeholders = Placeholders(run["display_name"], self.name, run["run_id"])
        self.cancelled = threading.Event()
        self.abandoned = threading.Event()
        self._run = run
        self._store = store
        self._executor = executor
        self._logs = logs
        self._done = done
        self._thread = threading.Thread(target=self._execute, name=f"run {run['run_id']}", daemon=True)

    def start(self) -> None:
        """Starts the execution."""
        self._thread.start()

    def terminate(self) -> None:
        """Ends what runs; exit tasks run all the same."""
        self.cancelled.set()

    def abandon(self) -> None:
        """The server goes; what runs is left to the next one."""
        self.abandoned.set()
        self.cancelled.set()  # what waits for a retry need not wait any longer

    def join(self, seconds: float) -> None:
        """Waits for the end."""
        self._thread.join(seconds)

    def _execute(self) -> None:
        self.nodes.start(self.name, self.name, "DAG", None)
        driver = f"{self.name}.root-driver"
        self.nodes.start(driver, "root-driver", "Pod", self.name, "system-dag-driver")
        self.nodes.end(driver, "Succeeded")
        given = self._run.get("runtime_config", {}).get("parameters", {})
        declared = self.package.pipeline["root"].get("inputDefinitions", {}).get("parameters", {})
        inputs = {name: value["defaultValue"] for name, value in declared.items() if "defaultValue" in value} | given
        succeeded, _ = Dag(self, f"{self.name}.root", "root", self.package.pipeline["root"], inputs, driver).run()
        if not self.abandoned.is_set():
            self.nodes.end(self.name, "Succeeded" if succeeded else "Failed")
            self._done(succeeded)

    def container(
        self, path: str, task: str, spec: Document, component: Document, inputs: Document, scope: Scope, on_exit: bool
    ) -> Outcome:
        """Runs a container task, unless its result is in the cache and may be taken from there.

        Args:
            path: Argo's name of the task's node.
            task: The task's name.
            spec: Of the task.
            component: What it runs.
            inputs: Its parameters.
            scope: Of the DAG that it is in.
            on_exit: It is an exit task, which runs although the run was terminated.
        """
        kubernetes = self._resolved(self.package.kubernetes(component), task, scope, inputs)
        template = _template(kubernetes, "retryPolicy" in spec)
        name = f"{path}.executor"
        key = cache.key(self.package.name, self._run["_namespace"], self.package.container(component), inputs)
        cached = cache.find(self._store, key) if spec.get("cachingOptions", {}).get("enableCache") else None
        if cached is not None and self.nodes.get(name) is None:
            self.nodes.start(name, "executor", "Skipped", path)
            self.nodes.end(name, "Skipped", "when 'true != true' evaluated false")
            return Outcome("Succeeded", outputs=cached)
        outcome = self._executed(name, path, template, spec, component, kubernetes, inputs, on_exit)
        if outcome.succeeded:
            cache.keep(self._store, key, outcome.outputs)
        return outcome

    def _executed(
        self,
        name: str,
        path: str,
        template: str,
        spec: Document,
        component: Document,
        kubernetes: Document,
        inputs: Document,
        on_exit: bool,
    ) -> Outcome:
        def attempt(name: str, display_name: str, parent: str) -> Outcome:
            return self._attempt(name, display_name, parent, template, component, kubernetes, inputs, on_exit)

        if "retryPolicy" not in spec:
            return attempt(name, "executor", path)
        self.nodes.start(name, "executor", "Retry", path)
        outcome = self._retried(spec["retryPolicy"], lambda n: attempt(f"{name}({n})", f"executor({n})", name), on_exit)
        self.nodes.end(name, outcome.phase, outcome.message)
        return outcome

    def _retried(self, policy: Document, attempt: Callable[[int], Outcome], on_exit: bool) -> Outcome:
        """Argo's rules: only a failure is tried again, and the waiting time grows from the first retry on."""
        wait, factor = _seconds(policy.get("backoffDuration", "0s")), float(policy.get("backoffFactor", 0))
        limit = _seconds(policy.get("backoffMaxDuration", "0s"))
        began = time.monotonic()
        outcome = attempt(0)
        for number in range(1, int(policy.get("maxRetryCount", 0)) + 1):
            pause = wait * (factor**number if factor else 1)
            if outcome.phase != "Failed" or (self.cancelled.is_set() and not on_exit):
                break
            if limit and time.monotonic() - began + pause > limit:
                return Outcome("Failed", "Backoff would exceed max duration limit")
            if (self.abandoned if on_exit else self.cancelled).wait(pause):
                break
            outcome = attempt(number)
        return outcome

    def _attempt(
        self,
        name: str,
        display_name: str,
        parent: str,
        template: str,
        component: Document,
        kubernetes: Document,
        inputs: Document,
        on_exit: bool,
    ) -> Outcome:
        found = self.nodes.get(name)
        if found is not None and ended(found):
            self.nodes.start(name, display_name, "Pod", parent)
            return Outcome(found["phase"], found["message"], found["outputs"])
        node = self.nodes.start(name, display_name, "Pod", parent, template)
        attempt = Attempt(
            run_id=self._run["run_id"],
            workflow=self.name,
            pod=node["pod"],
            node_id=node["id"],
            node_name=name,
            namespace=self._run["_namespace"],
            service_account=self._run["service_account"],
            container=self.package.container(component),
            kubernetes=kubernetes,
            inputs=inputs,
            output_parameters=component.get("outputDefinitions", {}).get("parameters", {}),
            log=self._logs / f"{node['pod']}.log",
            cancelled=self.abandoned if on_exit else self.cancelled,
            abandoned=self.abandoned,
            waiting=lambda reason: self.nodes.waiting(name, reason),
            started=lambda: self.nodes.running(name),
        )
        try:
            outcome = self._executor.run(attempt, resumed=found is not None)
        except Exception as error:  # whatever it is, the run must end and say so
            outcome = Outcome("Error", f"{type(error).__name__}: {error}")
        if not self.abandoned.is_set():
            self.nodes.end(name, outcome.phase, outcome.message, outcome.outputs)
        return outcome

    def _resolved(self, value: Any, task: str, scope: Scope, inputs: Document) -> Any:
        """Puts values in the place of `secretNameParameter` and its like."""
        if isinstance(value, list):
            return [self._resolved(each, task, scope, inputs) for each in value]
        if not isinstance(value, dict):
            return value
        resolved: Document = {}
        for key, each in value.items():
            if isinstance(each, dict) and {"runtimeValue", "componentInputParameter", "taskOutputParameter"} & set(
                each
            ):
                try:
                    resolved[key] = _parameter(each, task, scope, inputs, self.placeholders)
                except NullParameterError:
                    continue
            else:
                resolved[key] = self._resolved(each, task, scope, inputs)
        return resolved

    def final_status(self, task: str, outcome: Outcome) -> Document:
        """What an exit task with a `PipelineTaskFinalStatus` input gets."""
        return {
            "state": "SUCCEEDED" if outcome.succeeded else "FAILED",
            "pipelineJobResourceName": self.name,
            "pipelineTaskName": task,
            "error": {} if outcome.succeeded else {"message": outcome.message},
        }


def _parameter(source: Document, task: str, scope: Scope, inputs: Document, placeholders: Placeholders) -> Any:
    name = source.get("componentInputParameter")
    return inputs[name] if name in inputs else scope.resolve(source, task, placeholders)


def _template(kubernetes: Document, retried: bool) -> str:
    name = f"retry-{_IMPLEMENTATION}" if retried else _IMPLEMENTATION
    if "podMetadata" in kubernetes:
        metadata = kubernetes["podMetadata"]
        name = f"metadata-{len(metadata.get('annotations', {}))}-{len(metadata.get('labels', {}))}-{name}"
    return name


def _seconds(text: str) -> float:
    return float(re.sub("s$", "", text) or 0)
