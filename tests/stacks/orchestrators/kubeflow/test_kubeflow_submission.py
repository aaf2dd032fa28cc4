"""What reaches Kubeflow Pipelines, compiled from a snapshot of ZenML's; tasks are over at once and do nothing."""

from __future__ import annotations

import pytest
import yaml
from zenml.client import Client
from zenml.config import ResourceSettings
from zenml.config.retry_config import StepRetryConfig

from tests.stacks.orchestrators.kubeflow.conftest import IMAGE, SECRET

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def runs_before(instant):
    """How many runs other modules have left on the server."""
    return _runs()


def _runs():
    return Client().list_pipeline_runs(size=1).total


@pytest.fixture(scope="module")
def compiled(instant, runs_before, tmp_path_factory):
    """The two documents of a pipeline whose steps ask for everything there is."""
    small, path = instant.pipelines, tmp_path_factory.mktemp("compiled") / "gitops" / "small.yaml"
    wired = small.chain.with_options(
        run_name="small-{date}-{time}",
        enable_cache=False,
        steps={
            "first": {
                "settings": {
                    "resources": ResourceSettings(memory="2GiB", cpu_count=0.5, gpu_count=2),
                    "orchestrator": {
                        "node_selector": {"disk": "ssd"},
                        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
                        "step_timeout": 90,
                    },
                },
                "retry": StepRetryConfig(max_retries=2, delay=5, backoff=3),
            }
        },
    )
    wired.prepare()
    Client().active_stack.orchestrator.compile(wired.create_snapshot(name="compiled"), path)
    return path.read_text(), *yaml.safe_load_all(path.read_text())


def executors(compiled):
    _, pipeline, platform = compiled
    containers = {name: each["container"] for name, each in pipeline["deploymentSpec"]["executors"].items()}
    return containers, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def test_compiling_starts_nothing(runs_before, compiled, instant):
    assert instant.api().pipeline("small", None) is None
    assert _runs() == runs_before


def test_resources_reach_the_spec(compiled):
    containers, _ = executors(compiled)
    resources = containers["exec-first"]["resources"]

    assert resources["resourceMemoryLimit"] == "2Gi"
    assert resources["resourceCpuLimit"] == "0.5"
    assert resources["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert resources["accelerator"]["resourceCount"] == "2"
    assert "resources" not in containers["exec-second"]


def test_place_and_timeout_reach_the_spec(compiled):
    _, pods = executors(compiled)

    assert pods["exec-first"]["nodeSelector"] == {"labels": {"disk": "ssd"}}
    assert pods["exec-first"]["tolerations"] == [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert pods["exec-first"]["activeDeadlineSeconds"] == "90"
    assert "activeDeadlineSeconds" not in pods["exec-second"]


def test_retries_reach_the_spec(compiled):
    _, pipeline, _ = compiled
    tasks = pipeline["components"]["comp-exit-handler-1"]["dag"]["tasks"]

    retry = tasks["first"]["retryPolicy"]
    assert (retry["maxRetryCount"], retry["backoffDuration"], retry["backoffFactor"]) == (2, "5s", 3.0)
    assert "retryPolicy" not in tasks["second"]
    assert tasks["second"]["dependentTasks"] == ["first"]


def test_a_last_task_comes_however_the_steps_end(compiled):
    _, pipeline, _ = compiled
    last = pipeline["root"]["dag"]["tasks"]["settle"]

    assert last["dependentTasks"] == ["exit-handler-1"]
    assert last["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}


def test_no_pod_is_root_and_each_knows_its_run(compiled):
    containers, pods = executors(compiled)

    assert set(pods) == set(containers) == {"exec-first", "exec-second", "exec-settle"}
    for pod in pods.values():
        assert pod["securityContext"] == {"runAsNonRoot": True}
        assert pod["fieldPathAsEnv"] == [{"name": "KFP_RUN_ID", "fieldPath": "metadata.labels['pipeline/runid']"}]


def test_the_key_comes_from_a_secret_and_is_nowhere_in_the_spec(compiled, instant):
    text, _, _ = compiled
    _, pods = executors(compiled)

    for pod in pods.values():
        (secret,) = pod["secretAsEnv"]
        assert secret["secretName"] == SECRET
        assert secret["keyToEnv"] == [{"secretKey": "ZENML_STORE_API_KEY", "envVar": "ZENML_STORE_API_KEY"}]
    assert instant.key not in text
    assert "API_TOKEN" not in text
    assert "eyJ" not in text  # how a token begins


def test_nothing_of_this_machine_is_in_the_spec(compiled, instant, monkeypatch):
    text, _, _ = compiled

    assert str(instant.state.parent) not in text  # all temporary folders of the tests
    assert "/.zen" not in text


def test_zenml_builds_no_image(compiled):
    containers, _ = executors(compiled)

    assert {each["image"] for each in containers.values()} == {IMAGE}


def test_a_stack_whose_artifacts_stay_here_is_refused(instant):
    client = Client()
    parts = {kind: components[0].id for kind, components in client.active_stack_model.components.items()}
    local = client.get_stack_component("artifact_store", "default", allow_name_prefix_match=False)
    stack = client.create_stack("half-local", {**parts, "artifact_store": local.id})
    try:
        from zenml.stack import Stack

        with pytest.raises(Exception, match=r"keeps its data in .* which pods of Kubeflow cannot reach"):
            Stack.from_model(stack).validate()
    finally:
        client.delete_stack(stack.id)
