"""The same with pods: each step and each model server is one, made from the project's own image by a real kubelet."""

from __future__ import annotations

import subprocess

import pytest
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config
from kubernetes import watch

from rehearsal import storage
from rehearsal.programs import program
from switchyard.serving.protocol import client
from tests.rehearsal.conftest import own_runtime, running_stage, team_of

pytestmark = pytest.mark.thorough
RUN = ("--stack", "kubeflow", "--config", "people")


@pytest.fixture(scope="module")
def pods(tmp_path_factory):
    """Every server, a node, and the image in a registry."""
    with running_stage(tmp_path_factory.mktemp("pods")) as made:
        yield made


@pytest.fixture(scope="module")
def team(pods, tmp_path_factory):
    return team_of(pods, tmp_path_factory.mktemp("team"))


@pytest.fixture(scope="module")
def short_timeout(pods, tmp_path_factory):
    """A team whose stack file gives a pod ten seconds to start."""
    made = team_of(pods, tmp_path_factory.mktemp("short_timeout"))
    made.change_stack("registry: ${REGISTRY}\n", "registry: ${REGISTRY}\n      start_timeout: 10\n")
    return made


@pytest.fixture(scope="module")
def core(pods):
    api = kubernetes_config.new_client_from_config(str(pods.rehearsal.kubeconfig), context="admin")
    return kubernetes_client.CoreV1Api(api)


@pytest.fixture(scope="module")
def own(team):
    with own_runtime(team):
        yield team


@pytest.fixture(scope="module")
def titanic(team):
    return team.run("--stack", "kubeflow", "--config", "titanic", "--set", "search.trials=2")


def step_pods(core, phase=""):
    """By step, the pods of runs."""
    found = core.list_namespaced_pod("ml", label_selector="pipeline/runid").items
    by_step = {}
    for pod in found:
        words = pod.spec.containers[0].args or []
        if "--step_name" in words and (not phase or pod.status.phase == phase):
            by_step.setdefault(words[words.index("--step_name") + 1], []).append(pod)
    return by_step


def test_titanic_ends_with_a_prediction_from_a_pod(team, titanic, core):
    assert titanic.code == 0, titanic.out + titanic.err
    assert "promoted: all 10 gates passed" in titanic.out
    assert team.predict("titanic")["model_version"] == "1"
    (server,) = core.list_namespaced_pod("ml", label_selector="serving.kserve.io/inferenceservice=titanic").items
    assert server.status.phase == "Running"
    assert server.spec.service_account_name == "switchyard-models"


def test_each_step_is_a_pod_of_the_image_by_digest_without_root_as_the_pipelines_account(titanic, core):
    assert titanic.code == 0, titanic.err
    found = step_pods(core, "Succeeded")
    assert {"ingest", "train_mlp", "deploy"} <= set(found)
    (pod,) = found["deploy"]
    assert "@sha256:" in pod.spec.containers[0].image
    assert pod.spec.containers[0].security_context.capabilities.drop == ["ALL"]  # and the image's user is not root
    assert pod.spec.service_account_name == "pipeline-runner"


def test_no_key_is_in_a_pod_or_in_the_image(pods, titanic, core):
    hidden = pods.key, pods.variables["ZENML_STORE_API_KEY"]
    found = [pod for each in step_pods(core).values() for pod in each]
    assert found
    texts = [str(pod) for pod in found]
    texts += [core.read_namespaced_pod_log(pod.metadata.name, "ml") for pod in found]
    inspect = [program("docker"), "image", "inspect", found[0].spec.containers[0].image]
    texts += [subprocess.run(inspect, capture_output=True, text=True, check=True).stdout]
    assert [text[:200] for text in texts if any(secret in text for secret in hidden)] == []


def test_digits_from_a_bucket_are_learned_and_answered_in_pods(team, pods):
    """With pods that have no key of S3: they read the source with what the stack's artifact store has."""
    bucket = storage.client(pods.variables)
    bucket.upload_file(str(team.project.root / "data" / "digits.parquet"), "rehearsal", "sources/digits.parquet")
    short = ("--set", "data.uri=s3://rehearsal/sources/digits.parquet", "--set", "candidates.cnn.params.epochs=1")
    quick = ("--set", 'gates={accuracy: ">= 0.5"}', "--set", "metrics.bootstrap=50")

    finished = team.run("--stack", "kubeflow", "--config", "digits", *short, *quick)

    assert finished.code == 0, finished.out + finished.err
    endpoint = team.endpoint("digits")
    answer = client.infer_binary(str(endpoint["url"]), "digits", None, endpoint["request"])
    assert answer["model_version"] == "1"


def test_a_pod_over_its_memory_limit_is_tried_again_and_then_named(team, core):
    finished = team.run(*RUN, "--set", "steps.ingest.memory=100Mi", "--set", "steps.ingest.retries=1")

    assert finished.code == 1
    assert "step ingest was killed: it used more memory than its limit of " in finished.err
    assert "(OOMKilled), at the last of 2 attempts; give the step more memory in the config" in finished.err


def test_a_pod_that_no_node_can_take_is_named(short_timeout):
    finished = short_timeout.run(*RUN, "--set", "steps.ingest.node_selector.disk=quantum")

    assert finished.code == 1
    assert "step ingest has not started: no node can take its pod" in finished.err


def test_an_image_that_cannot_be_pulled_is_named(short_timeout, pods):
    image = f"{pods.variables['REGISTRY']}/switchyard:none"
    finished = short_timeout.run(*RUN, SWITCHYARD_IMAGE=image)

    assert finished.code == 1
    assert f"step ingest has not started: the image {image} cannot be pulled" in finished.err


def test_a_pod_that_is_deleted_is_named(team, core):
    started = team.start(*RUN, "--no-cache")
    started.wait_for(lambda: step_pods(core, "Running").get("ingest"))
    (pod,) = step_pods(core, "Running")["ingest"]
    core.delete_namespaced_pod(pod.metadata.name, "ml", grace_period_seconds=0)
    finished = started.finish()

    assert finished.code == 1
    assert "step ingest was ended: its pod was deleted" in finished.err


def model_pods(core):
    return core.list_namespaced_pod("ml", label_selector="serving.kserve.io/inferenceservice=people").items


def test_with_our_own_runtime_the_image_serves_read_only_models_and_ends_when_told(own, core):
    finished = own.run(*RUN, "--set", "deployment.batching={max_delay_ms: 2}", KSERVE_RUNTIME="switchyard")
    assert finished.code == 0, finished.out + finished.err
    assert own.predict("people")["model_version"] == "1"

    (pod,) = model_pods(core)
    (server,) = pod.spec.containers
    assert "@sha256:" in server.image
    assert server.command == ["python", "/mnt/models/server.pyz"]
    assert server.args[-4:] == ["--batch-delay-ms", "2.0", "--batch-size", "32"]
    assert server.security_context.run_as_non_root
    assert {mount.mount_path: mount.read_only for mount in server.volume_mounts}["/mnt/models"]

    events = watch.Watch().stream(core.list_namespaced_pod, "ml", timeout_seconds=60)
    core.delete_namespaced_pod(pod.metadata.name, "ml")
    codes = set()
    for event in events:
        if event["object"].metadata.uid == pod.metadata.uid:
            states = [each.state.terminated for each in event["object"].status.container_statuses or []]
            codes |= {state.exit_code for state in states if state}
            if event["type"] == "DELETED":
                break
    assert codes == {0}
