"""The nodes of a run's workflow, as Argo has them: kept in the store, shown by the API as the run's tasks."""

from __future__ import annotations

import re
import uuid
from typing import Any

from rehearsal.kfp import clock
from rehearsal.kfp.store import Document, Store

# Omitted and Error are Argo's; the server knows no state for the first and takes the second for a failure.
_STATES = {
    "Pending": "PENDING",
    "Running": "RUNNING",
    "Succeeded": "SUCCEEDED",
    "Skipped": "SKIPPED",
    "Failed": "FAILED",
    "Error": "FAILED",
}
_ENDED = {"Succeeded", "Skipped", "Omitted", "Failed", "Error"}


class Nodes:
    """All nodes of one workflow."""

    def __init__(self, store: Store, run_id: str, workflow: str) -> None:
        self._store = store
        self._run_id = run_id
        self._workflow = workflow

    def id(self, name: str) -> str:
        """Argo's id of a node: the workflow's name and a hash of the node's."""
        return f"{self._workflow}-{_fnv32a(name)}" if name != self._workflow else name

    def pod(self, name: str, template: str) -> str:
        """The name of a node's pod: workflow, template, and the same hash."""
        prefix = f"{self._workflow}-{template}"[: 253 - 11]
        return f"{prefix}-{_fnv32a(name)}"

    def get(self, name: str) -> Document | None:
        """A node, if it is there."""
        return self._store.get("node", self._key(name))

    def start(self, name: str, display_name: str, kind: str, parent: str | None, template: str = "") -> Document:
        """Adds a node under a parent; one that is there already is left as it is.

        Args:
            name: Argo's name of it, a path.
            display_name: What the API shows.
            kind: Pod, DAG, Retry or Skipped.
            parent: The name of the node that it comes after.
            template: Of a pod, part of its name.
        """
        found = self.get(name)
        if found is None:
            found = {
                "id": self.id(name),
                "name": name,
                "display_name": display_name,
                "kind": kind,
                "template": template,
                "pod": self.pod(name, template) if kind == "Pod" else "",
                "phase": "Pending" if kind == "Pod" else "Running",
                "message": "",
                "created_at": clock.now(),
                "finished_at": "",
                "children": [],
                "outputs": {},
            }
            self._store.put("node", self._key(name), found, parent=self._run_id)
        if parent is not None:
            self._adopt(parent, found["id"])
        return found

    def waiting(self, name: str, reason: str) -> None:
        """The node's container cannot run yet."""
        self._change(name, {"message": reason})

    def running(self, name: str) -> None:
        """The node's container runs."""
        self._change(name, {"phase": "Running", "message": ""})

    def end(self, name: str, phase: str, message: str = "", outputs: dict[str, Any] | None = None) -> None:
        """The node has ended."""
        self._change(name, {"phase": phase, "message": message, "outputs": outputs or {}, "finished_at": clock.now()})

    def _change(self, name: str, changes: Document) -> None:
        self._store.change("node", self._key(name), lambda node: node.update(changes))

    def _adopt(self, parent: str, child: str) -> None:
        def add(node: Document) -> None:
            if child not in node["children"]:
                node["children"].append(child)

        self._store.change("node", self._key(parent), add)

    def _key(self, name: str) -> str:
        return f"{self._run_id}/{name}"


def ended(node: Document) -> bool:
    """Whether nothing more happens to the node."""
    return node["phase"] in _ENDED


def forget_failures(store: Store, run_id: str) -> list[str]:
    """Makes a failed run ready to be tried again: what succeeded stays, the rest and the exit tasks go.

    Returns:
        The pods that are to be removed.
    """
    gone = [
        node
        for node in store.list("node", run_id)
        if not (node["kind"] == "Pod" and node["phase"] == "Succeeded") or ".onExit" in node["name"]
    ]
    for node in gone:
        store.delete("node", f"{run_id}/{node['name']}")
    for node in store.list("node", run_id):
        store.put("node", f"{run_id}/{node['name']}", node | {"children": []})
    return [node["pod"] for node in gone if node["pod"]]


def task_details(store: Store, run: Document) -> list[Document]:
    """What the API shows of the nodes. As in Kubeflow, neither pod_name nor error is among it."""
    return [
        {
            "run_id": run["run_id"],
            "task_id": str(uuid.uuid5(uuid.NAMESPACE_OID, node["id"])),
            "display_name": node["display_name"],
            "create_time": run["created_at"],
            "start_time": node["created_at"],
            "end_time": node["finished_at"] or clock.TASK_NOT_ENDED,
            "state": _STATES.get(node["phase"], "RUNTIME_STATE_UNSPECIFIED"),
            "state_history": [
                {
                    "update_time": node["finished_at"] or node["created_at"],
                    "state": _STATES.get(node["phase"], "RUNTIME_STATE_UNSPECIFIED"),
                }
            ],
            "child_tasks": [{"pod_name": child} for child in node["children"]],
        }
        for node in sorted(store.list("node", run["run_id"]), key=lambda node: str(node["id"]))
    ]


def manifest(store: Store, run: Document) -> Document:
    """The run as Argo's Workflow object, which the first version of the API still shows: with each node's message."""
    nodes = {
        node["id"]: {
            "id": node["id"],
            "name": node["name"],
            "displayName": node["display_name"],
            "type": node["kind"],
            "templateName": node["template"],
            "phase": node["phase"],
            "message": node["message"],
            "startedAt": node["created_at"],
            "finishedAt": node["finished_at"] or None,
            "children": node["children"],
        }
        for node in store.list("node", run["run_id"])
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": run["_workflow"], "namespace": run["_namespace"]},
        "status": {"phase": nodes.get(run["_workflow"], {}).get("phase", "Pending"), "nodes": nodes},
    }


def workflow_name(pipeline: str, suffix: str) -> str:
    """What Kubernetes makes of `generateName`."""
    return re.sub(r"[^a-z0-9.-]", "-", f"{pipeline}-"[:58]) + suffix


def _fnv32a(text: str) -> int:
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value
