"""What is wrong with a pod, from what Kubernetes says of it; the statuses are as a kubelet writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from kubernetes.client import ApiClient

from stacks.orchestrators.kubeflow.pods import step_of, trouble_of


def pod(status, deleted=False, seconds=None, limit="64Mi"):
    """A pod of step train, read as the client reads the API server's answer."""
    metadata = {"name": "p", "creationTimestamp": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()}
    if deleted:
        metadata["deletionTimestamp"] = datetime.now(UTC).isoformat()
    spec = {
        "containers": [
            {"name": "wait", "image": "argoexec", "args": ["wait"]},
            {
                "name": "main",
                "image": "registry/switchyard@sha256:1",
                "command": ["/launcher", "--", "python"],
                "args": ["-c", "…", "--snapshot_id", "1", "--step_name", "train"],
                "resources": {"limits": {"memory": limit}} if limit else {},
            },
        ],
        "activeDeadlineSeconds": seconds,
    }
    body = {"metadata": metadata, "spec": spec, "status": status}
    return ApiClient().deserialize(SimpleNamespace(data=json.dumps(body)), "V1Pod")


def main(**state):
    return {
        "containerStatuses": [
            {"name": "main", "image": "", "imageID": "", "ready": False, "restartCount": 0, "state": state}
        ]
    }


UNSCHEDULABLE = {
    "phase": "Pending",
    "conditions": [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient memory.",
        }
    ],
}
NO_IMAGE = {"phase": "Pending", **main(waiting={"reason": "ImagePullBackOff", "message": "Back-off pulling image"})}
NO_SECRET = {
    "phase": "Pending",
    **main(waiting={"reason": "CreateContainerConfigError", "message": 'secret "switchyard-zenml" not found'}),
}
OOM = {"phase": "Failed", **main(terminated={"reason": "OOMKilled", "exitCode": 137})}
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
LATE = {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active on the node longer than allowed"}
DRAINED = {
    "phase": "Failed",
    "conditions": [
        {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "evicted"}
    ],
    **main(terminated={"reason": "Error", "exitCode": 143}),
}
EXIT_3 = {"phase": "Failed", **main(terminated={"reason": "Error", "exitCode": 3})}
KILLED = {"phase": "Failed", **main(terminated={"reason": "Error", "exitCode": 137})}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (UNSCHEDULABLE, "step train has not started: no node can take its pod (0/3 nodes are available"),
        (NO_IMAGE, "step train has not started: the image registry/switchyard@sha256:1 cannot be pulled (Back-off"),
        (NO_SECRET, 'step train has not started: CreateContainerConfigError (secret "switchyard-zenml" not found)'),
        (OOM, "step train was killed: it used more memory than its limit of 64Mi (OOMKilled)"),
        (EVICTED, "step train was ended: its pod was evicted from its node (The node was low on resource: memory.)"),
        (DRAINED, "step train was ended: its pod had to leave its node (EvictionByEvictionAPI: evicted)"),
        (EXIT_3, "step train failed: its pod ended with exit code 3"),
        (KILLED, "step train failed: its pod ended with exit code 137; something killed it"),
    ],
)
def test_the_reason_is_named(status, said):
    assert str(trouble_of(pod(status))).startswith(said)


def test_a_timeout_names_its_seconds():
    assert "longer than its timeout of 30 s (DeadlineExceeded)" in str(trouble_of(pod(LATE, seconds=30)))


def test_a_pod_without_a_limit_ran_out_of_the_nodes_memory():
    assert "more memory than the node has" in str(trouble_of(pod(OOM, limit=None)))


def test_a_pod_that_is_being_deleted_while_it_runs_was_deleted():
    assert "its pod was deleted" in str(trouble_of(pod({"phase": "Running"}, deleted=True)))


@pytest.mark.parametrize("phase", ["Pending", "Running", "Succeeded"])
def test_nothing_is_wrong_with_a_pod_on_its_way(phase):
    assert trouble_of(pod({"phase": phase})) is None


def test_only_a_pod_that_has_not_started_may_still():
    assert trouble_of(pod(UNSCHEDULABLE)).pending
    assert trouble_of(pod(NO_IMAGE)).image
    assert not trouble_of(pod(OOM)).pending
    assert 290 < trouble_of(pod(UNSCHEDULABLE)).age < 400


def test_a_pod_without_a_step_is_one_of_kfps_own():
    found = pod(UNSCHEDULABLE)
    found.spec.containers = found.spec.containers[:1]

    assert step_of(found) == ""
    assert str(trouble_of(found)).startswith("a pod of the run has not started")
