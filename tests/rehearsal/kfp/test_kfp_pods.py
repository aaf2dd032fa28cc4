"""Tasks as pods of a real Kubernetes: what it says of them is what the run says."""

import base64
import threading
from types import SimpleNamespace

import pytest
from kfp import dsl
from kfp import kubernetes as k8s
from kubernetes import client, config

from rehearsal import docker
from rehearsal.kfp.server import running
from rehearsal.kserve.cluster import kubernetes
from tests.rehearsal.kfp.pipelines import client_of, ended, log, states, submit, wait_for, workflow

pytestmark = [pytest.mark.integration, pytest.mark.slow]
NAMESPACE = "ml"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A Kubernetes with a node, a secret and the ServiceAccount of pipelines."""
    folder = tmp_path_factory.mktemp("cluster")
    with docker.dockerd():
        image = docker.base_image()
        with kubernetes(folder, node=True) as kubeconfig:
            core = client.CoreV1Api(config.new_client_from_config(str(kubeconfig)))
            _create(core.create_namespace, {"metadata": {"name": NAMESPACE}})
            account = {"metadata": {"name": "pipeline-runner"}}
            _create(core.create_namespaced_service_account, NAMESPACE, account)
            data = {"KEY": base64.b64encode(b"a-secret-value").decode()}
            _create(core.create_namespaced_secret, NAMESPACE, {"metadata": {"name": "kfp-store"}, "data": data})
            yield SimpleNamespace(core=core, kubeconfig=kubeconfig, image=image)


def _create(create, *what):
    try:
        create(*what)
    except client.ApiException as error:
        if error.status != 409:
            raise


@pytest.fixture(scope="module")
def shell(cluster):
    """Makes a task: a script of the shell in a pod."""

    @dsl.container_component
    def shell(script: str):
        return dsl.ContainerSpec(image=cluster.image, command=["sh", "-ec"], args=[script])

    return shell


@pytest.fixture(scope="module")
def server(cluster, tmp_path_factory):
    """The URL of a server that makes pods, and its client."""
    with running(tmp_path_factory.mktemp("kfp"), "pod", kubeconfig=cluster.kubeconfig, namespace=NAMESPACE) as url:
        yield SimpleNamespace(url=url, client=client_of(url))


def pods_of(cluster, run_id):
    return cluster.core.list_namespaced_pod(NAMESPACE, label_selector=f"pipeline/runid={run_id}").items


def executor(server, run_id, task="shell"):
    """The node of a task's pod."""
    return workflow(server.url, run_id).get(f"root.{task}.executor") or {"phase": "", "message": ""}


def message(server, run_id, text):
    """The node, once its message has the text."""
    return wait_for(lambda: executor(server, run_id), lambda node: text in node["message"], within=90)


def test_tasks_are_pods_with_their_secrets_identity_logs_and_outputs(cluster, server, shell, tmp_path):
    @dsl.container_component
    def produce(result: dsl.OutputPath(int)):
        return dsl.ContainerSpec(image=cluster.image, command=["sh", "-ec"], args=["echo -n 41 > $0", result])

    def pipeline():
        made = produce()
        k8s.set_security_context(made, run_as_user=1000)
        with dsl.If(made.outputs["result"] == 41):
            script = "echo $STORE_KEY $RUN; test -s /var/run/secrets/kubernetes.io/serviceaccount/token; id -u"
            task = shell(script=script).set_memory_limit("64Mi")
            k8s.use_secret_as_env(task, "kfp-store", {"KEY": "STORE_KEY"})
            k8s.use_field_path_as_env(task, "RUN", "metadata.labels['pipeline/runid']")
            k8s.set_security_context(task, run_as_user=1000)

    run_id = submit(server.client, pipeline, tmp_path)
    assert ended(server.client, run_id).state == "SUCCEEDED"
    node = "root.condition-1.shell.executor"
    written = log(server.url, run_id, node)
    (pod,) = [
        found
        for found in pods_of(cluster, run_id)
        if ".shell." in found.metadata.annotations["workflows.argoproj.io/node-name"]
    ]

    assert written == f"a-secret-value {run_id}\n1000\n"
    assert pod.spec.service_account_name == "pipeline-runner"
    assert pod.spec.containers[0].resources.limits == {"memory": "64Mi"}
    assert pod.metadata.labels["workflows.argoproj.io/completed"] == "true"
    server.client.delete_run(run_id)
    assert pods_of(cluster, run_id) == []


def test_a_pod_over_its_memory_limit_is_oom_killed_and_tried_again(server, shell, tmp_path):
    def pipeline():
        shell(script="exec python3 -c 'held = b\"x\" * (200 * 2**20)'").set_memory_limit("48Mi").set_retry(1)

    run_id = submit(server.client, pipeline, tmp_path)
    assert ended(server.client, run_id, 90).state == "FAILED"
    nodes = workflow(server.url, run_id)

    # A kubelet that comes too late to read why says "Error".
    told = [nodes[f"root.shell.executor({n})"]["message"] for n in (0, 1)]
    assert set(told) <= {"OOMKilled (exit code 137)", "Error (exit code 137)"}
    assert "OOMKilled (exit code 137)" in told


def test_a_failed_pod_says_why_and_a_retried_run_makes_a_new_one(cluster, server, shell, tmp_path):
    def pipeline():
        shell(script=f"echo no; test -e {tmp_path}/never")

    run_id = submit(server.client, pipeline, tmp_path)
    assert ended(server.client, run_id).state == "FAILED"
    assert executor(server, run_id)["message"] == "Error (exit code 1)"
    assert log(server.url, run_id, "root.shell.executor") == "no\n"
    (before,) = pods_of(cluster, run_id)
    server.client._run_api.run_service_retry_run(run_id=run_id)
    assert ended(server.client, run_id).state == "FAILED"
    (after,) = pods_of(cluster, run_id)

    assert after.metadata.name == before.metadata.name and after.metadata.uid != before.metadata.uid


def test_a_pod_that_no_node_can_take_stays_pending_until_it_is_terminated(cluster, server, shell, tmp_path):
    def pipeline():
        k8s.add_node_selector(shell(script="exit 0"), "disk", "made-of-cheese")

    run_id = submit(server.client, pipeline, tmp_path)
    node = message(server, run_id, "Unschedulable: ")
    going = server.client.get_run(run_id)
    server.client.terminate_run(run_id)

    assert node["phase"] == "Pending" and "0/1 nodes are available" in node["message"]
    assert going.state == "RUNNING" and states(going)["executor"] == "PENDING"
    assert ended(server.client, run_id).state == "FAILED" and pods_of(cluster, run_id) == []


def test_an_image_that_cannot_be_pulled_keeps_the_pod_pending(server, tmp_path):
    @dsl.container_component
    def shell():
        return dsl.ContainerSpec(image="127.0.0.1:9/no/such:image", command=["true"])

    def pipeline():
        shell()

    run_id = submit(server.client, pipeline, tmp_path)
    node = message(server, run_id, "127.0.0.1:9/no/such:image")
    server.client.terminate_run(run_id)

    assert node["phase"] == "Pending" and node["message"].startswith(("ErrImagePull", "ImagePullBackOff"))
    assert ended(server.client, run_id).state == "FAILED"


def test_a_deleted_pod_is_an_error_that_is_not_tried_again(cluster, server, shell, tmp_path):
    def pipeline():
        shell(script="sleep 300").set_retry(3)

    run_id = submit(server.client, pipeline, tmp_path)
    name = "root.shell.executor(0)"
    wait_for(lambda: workflow(server.url, run_id).get(name), lambda node: node and node["phase"] == "Running")
    (pod,) = pods_of(cluster, run_id)
    cluster.core.delete_namespaced_pod(pod.metadata.name, NAMESPACE, grace_period_seconds=0)
    assert ended(server.client, run_id).state == "FAILED"
    nodes = workflow(server.url, run_id)

    assert (nodes[name]["phase"], nodes[name]["message"]) == ("Error", "pod deleted")
    assert "root.shell.executor(1)" not in nodes


def test_a_pod_over_its_time_and_a_terminated_one_are_ended_and_stay_to_be_looked_at(cluster, server, shell, tmp_path):
    def late():
        k8s.set_timeout(shell(script="echo begun; sleep 300"), 3)

    def terminated():
        shell(script="echo begun; sleep 300")

    ids = [submit(server.client, late, tmp_path), submit(server.client, terminated, tmp_path)]
    wait_for(lambda: executor(server, ids[1])["phase"], lambda phase: phase == "Running")
    server.client.terminate_run(ids[1])

    for run_id in ids:
        assert ended(server.client, run_id, 90).state == "FAILED"
        assert "active on the node longer than" in executor(server, run_id)["message"]
        assert [pod.status.reason for pod in pods_of(cluster, run_id)] == ["DeadlineExceeded"]


def test_a_pod_outlives_the_server_and_is_found_again(cluster, shell, tmp_path):
    def pipeline():
        first = shell(script="sleep 4; echo survived")
        shell(script="exit 0").after(first)

    options = {"kubeconfig": cluster.kubeconfig, "namespace": NAMESPACE}
    with running(tmp_path / "state", "pod", **options) as url:
        run_id = submit(client_of(url), pipeline, tmp_path)
        server = SimpleNamespace(url=url)
        wait_for(lambda: executor(server, run_id)["phase"], lambda phase: phase == "Running")
    (pod,) = pods_of(cluster, run_id)
    assert pod.metadata.deletion_timestamp is None
    threading.Event().wait(1)
    with running(tmp_path / "state", "pod", **options) as url:
        assert ended(client_of(url), run_id).state == "SUCCEEDED"
        written = log(url, run_id, "root.shell.executor")
    found = [each.metadata.uid for each in pods_of(cluster, run_id)]

    assert written == "survived\n" and len(found) == 2 and pod.metadata.uid in found
