"""One DAG of a run: what is ready runs, side by side; the first failure lets nothing new start."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rehearsal.kfp.store import Document
from rehearsal.kfp.task import Outcome
from rehearsal.kfp.values import DriverError, Scope, condition_holds, inputs_of

if TYPE_CHECKING:
    from rehearsal.kfp.workflow import Workflow

_COMPLETED = "ALL_UPSTREAM_TASKS_COMPLETED"


class Dag:
    """One execution of a DAG component."""

    def __init__(
        self,
        workflow: Workflow,
        path: str,
        name: str,
        component: Document,
        inputs: Document,
        parent: str,
        on_exit: bool = False,
    ) -> None:
        self._workflow = workflow
        self._path = path
        self._name = name
        self._parent = parent
        self._on_exit = on_exit
        self._component = component
        self._scope = Scope(workflow.nodes.id(path), inputs)
        tasks: dict[str, Document] = component["dag"]["tasks"]
        self._tasks = {name: task for name, task in tasks.items() if not _is_exit(task)}
        self._exits = {
            hooked: (name, task)
            for name, task in tasks.items()
            if _is_exit(task)
            for hooked in task.get("dependentTasks", [])
        }
        self._outcomes: dict[str, Outcome] = {}
        self._running: set[str] = set()
        self._last: dict[str, str] = {}
        self._changed = threading.Condition()

    def run(self) -> tuple[bool, dict[str, Any]]:
        """Runs all tasks.

        Returns:
            Whether none failed, and the output parameters.
        """
        nodes = self._workflow.nodes
        nodes.start(self._path, self._name, "DAG", self._parent)
        with self._changed:
            while self._start_ready() or self._running:
                self._changed.wait()
        failed = [outcome for outcome in self._outcomes.values() if outcome.phase in ("Failed", "Error")]
        started_all = len(self._outcomes) == len(self._tasks)
        succeeded = not failed and started_all
        outputs = self._outputs() if succeeded else {}
        if not self._workflow.abandoned.is_set():
            message = failed[0].message if failed else ""
            nodes.end(self._path, "Succeeded" if succeeded else "Failed", message, outputs)
        return succeeded, outputs

    def _start_ready(self) -> bool:
        """Starts what can start; True if something did or was omitted, so that it is worth looking again."""
        if any(outcome.phase in ("Failed", "Error") for outcome in self._outcomes.values()):
            return False
        if self._workflow.cancelled.is_set() and not self._on_exit:
            return False
        again = True
        while again:
            again = False
            for name, task in self._tasks.items():
                before = _upstream(task) & set(self._tasks)
                if name in self._outcomes or name in self._running or not before <= set(self._outcomes):
                    continue
                if all(self._outcomes[each].succeeded for each in before):
                    self._running.add(name)
                    threading.Thread(target=self._run_task, args=(name, task, before), daemon=True).start()
                else:
                    self._omit(name, before)
                    again = True
        return False

    def _omit(self, name: str, before: set[str]) -> None:
        path = f"{self._path}.{name}-driver"
        self._workflow.nodes.start(path, f"{name}-driver", "Skipped", self._after(before))
        self._workflow.nodes.end(path, "Omitted", "omitted: depends condition not met")
        self._last[name] = path
        self._outcomes[name] = Outcome("Omitted")

    def _run_task(self, name: str, task: Document, before: set[str]) -> None:
        try:
            outcome = self._task(name, task, self._path, self._after(before), self._on_exit)
        except Exception as error:  # a thread's error would be lost, and the run would wait for ever
            outcome = Outcome("Error", f"{type(error).__name__}: {error}")
        if name in self._exits and not self._workflow.abandoned.is_set():
            self._run_exit(name, outcome)
        with self._changed:
            self._scope.outputs[name] = outcome.outputs
            self._outcomes[name] = outcome
            self._running.discard(name)
            self._changed.notify_all()

    def _run_exit(self, hooked: str, outcome: Outcome) -> None:
        """Argo's exit hook of a task: it runs whatever became of the task, and changes nothing of that."""
        name, task = self._exits[hooked]
        path = f"{self._path}.{hooked}.onExit"
        self._scope.statuses[hooked] = self._workflow.final_status(hooked, outcome)
        self._workflow.nodes.start(path, f"{hooked}.onExit", "DAG", self._last.get(hooked))
        ended = self._task(name, task, path, path, True)
        self._workflow.nodes.end(path, "Succeeded" if ended.succeeded else "Failed", ended.message)

    def _task(self, name: str, task: Document, path: str, parent: str, on_exit: bool) -> Outcome:
        nodes, package = self._workflow.nodes, self._workflow.package
        driver, node = f"{path}.{name}-driver", f"{path}.{name}"
        component = package.component(task)
        kind = "system-dag-driver" if "dag" in component else "system-container-driver"
        nodes.start(driver, f"{name}-driver", "Pod", parent, kind)
        self._last[name] = node
        try:
            if {"parameterIterator", "artifactIterator"} & set(task):
                raise DriverError(f"task {name} is a loop, which this server does not run")
            if any("artifacts" in component.get(f"{side}Definitions", {}) for side in ("input", "output")):
                raise DriverError(f"task {name} has artifacts, which this server does not keep")
            inputs = inputs_of(name, task, component, self._scope, self._workflow.placeholders)
            condition = task.get("triggerPolicy", {}).get("condition")
            skipped = bool(condition) and not condition_holds(condition, inputs)
        except DriverError as error:
            nodes.end(driver, "Failed", f"Error (exit code 1): {error}")
            return Outcome("Failed", str(error))
        nodes.end(driver, "Succeeded")
        if skipped:
            nodes.start(node, name, "Skipped", driver)
            nodes.end(node, "Skipped", "when 'false != false' evaluated false")
            return Outcome("Skipped")
        if "dag" in component:
            succeeded, outputs = Dag(self._workflow, node, name, component, inputs, driver, on_exit).run()
            return Outcome("Succeeded" if succeeded else "Failed", outputs=outputs)
        nodes.start(node, name, "DAG", driver)
        outcome = self._workflow.container(node, name, task, component, inputs, self._scope, on_exit)
        self._last[name] = f"{node}.executor"
        if not self._workflow.abandoned.is_set():
            nodes.end(node, outcome.phase, outcome.message)
        return outcome

    def _after(self, before: set[str]) -> str:
        """The node under which Argo puts a task: the end of one that it waits for, or the DAG's own."""
        return self._last[sorted(before)[-1]] if before else self._path

    def _outputs(self) -> dict[str, Any]:
        declared = self._component["dag"].get("outputs", {}).get("parameters", {})
        found = {}
        for name, selector in declared.items():
            source = selector.get("valueFromParameter", {})
            produced = self._scope.outputs.get(source.get("producerSubtask", ""), {})
            if source.get("outputParameterKey") in produced:
                found[name] = produced[source["outputParameterKey"]]
        return found


def _is_exit(task: Document) -> bool:
    return bool(task.get("triggerPolicy", {}).get("strategy") == _COMPLETED)


def _upstream(task: Document) -> set[str]:
    """Whom a task waits for: those it names, and those whose outputs it takes."""
    named = set(task.get("dependentTasks", []))
    for source in task.get("inputs", {}).get("parameters", {}).values():
        named |= {source["taskOutputParameter"]["producerTask"]} if "taskOutputParameter" in source else set()
    return named
