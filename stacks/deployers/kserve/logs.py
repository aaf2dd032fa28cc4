"""The logs of the pods that serve a use case."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.deployers.kserve.cluster import Cluster

_CONTAINER = "kserve-container"


def read(cluster: Cluster, name: str, tail: int | None = None) -> Iterator[str]:
    """The lines of each pod's log, oldest pod first; each named where there are several.

    Args:
        cluster: The namespace.
        name: The InferenceService.
        tail: Only the last lines of each.
    """
    pods = cluster.pods(name)
    if not pods:
        yield f"{name} has no pods now"
    for pod in reversed(pods):
        pod_name = pod["metadata"]["name"]
        if len(pods) > 1:
            yield f"==> {pod_name} <=="
        yield from cluster.log(pod_name, _CONTAINER, tail)
