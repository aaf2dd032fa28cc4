"""Results of tasks that need not be computed again, as Kubeflow knows them unless caching is switched off for the task.

The same image, command, environment and inputs are the same task to it, whatever the command reads from elsewhere.
"""

from __future__ import annotations

import hashlib
import json

from rehearsal.kfp.store import Document, Store


def key(pipeline: str, namespace: str, container: Document, inputs: Document) -> str:
    """What a task's result is kept under."""
    parts = [container.get(part) for part in ("image", "command", "args", "env")]
    return hashlib.sha256(json.dumps([pipeline, namespace, parts, inputs], sort_keys=True).encode()).hexdigest()


def find(store: Store, key: str) -> Document | None:
    """The output parameters of a task that has been run already."""
    return store.get("cache", key)


def keep(store: Store, key: str, outputs: Document) -> None:
    """Remembers a result."""
    store.put("cache", key, outputs)
