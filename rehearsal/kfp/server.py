"""A Kubeflow Pipelines API for tests and rehearsals: `with running(state) as url`, or `python -m rehearsal.kfp`.

It speaks v2beta1 as `kfp.Client` does and really runs what it is given, tasks as processes or as pods. What it does is
what Kubeflow Pipelines 2.16 on Argo does, as far as its source says so: names and states of nodes, which failures are
tried again, where placeholders are resolved, what ends a run. What it does not do: artifacts and metadata (MLMD), loops
(`dsl.ParallelFor`), importers, drivers and launchers as pods of their own, and all that is the cluster's.

While a file `outage` is in the folder of the state, each request is answered with 503; runs go on.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from rehearsal.kfp.access import Access
from rehearsal.kfp.api import Api, new_experiment
from rehearsal.kfp.runs import Runs
from rehearsal.kfp.scheduler import Scheduler
from rehearsal.kfp.store import Store
from rehearsal.kfp.task import Executor

_OPEN = Access()


@contextmanager
def running(
    state: Path,
    executor: str | Executor = "process",
    *,
    port: int = 0,
    kubeconfig: Path | None = None,
    context: str | None = None,
    namespace: str = "ml",
    secrets: Path | None = None,
    parallel: int = 4,
    access: Access = _OPEN,
) -> Iterator[str]:
    """A Kubeflow Pipelines API on 127.0.0.1, in threads of this process.

    Args:
        state: The folder of its database, logs and tasks; with what is in it, it goes on.
        executor: `process`, `pod`, or one of your own.
        port: 0 for a free one.
        kubeconfig: The Kubernetes of the pods; for processes: of the secrets and of the ServiceAccount's token.
        context: Of the kubeconfig; the current one by default.
        namespace: Where runs run, but for those of a multi-user installation.
        secrets: A folder of secrets, for processes without a Kubernetes.
        parallel: How many processes may run at a time.
        access: What callers must show.

    Yields:
        The URL.
    """
    state.mkdir(parents=True, exist_ok=True)
    store = Store(state / "kfp.sqlite")
    if isinstance(executor, str):
        executor = _executor(executor, state, kubeconfig, context, secrets, parallel)
    if not any(found["display_name"] == "Default" for found in store.list("experiment")):
        namespaces = access.namespaces or ("",)
        text = "All runs created without specifying an experiment will be grouped here."
        for each in namespaces:
            new_experiment(store, "Default", each, text)
    runs = Runs(store, executor, state / "logs", namespace)
    scheduler = Scheduler(store, runs)
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(
                Api(store, runs, scheduler, access, state / "outage").app(),
                log_level="warning",
                lifespan="off",
                workers=1,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="kfp", daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            runs.resume()
            scheduler.start()
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            scheduler.close()
            runs.close()
            server.should_exit = True
            thread.join()
            store.close()


def _executor(
    name: str, state: Path, kubeconfig: Path | None, context: str | None, secrets: Path | None, parallel: int
) -> Executor:
    from rehearsal.kfp.cluster import Cluster

    cluster = Cluster(kubeconfig, context) if kubeconfig else None
    if name == "process":
        from rehearsal.kfp.executor_process import ProcessExecutor

        return ProcessExecutor(state / "work", cluster, secrets, parallel)
    if name != "pod":
        raise ValueError(f"executor is {name!r}; there are process and pod")
    if cluster is None:
        raise ValueError("executor pod needs a kubeconfig")
    from rehearsal.kfp.executor_pod import PodExecutor

    return PodExecutor(cluster.core)
