"""The pod that is made of a spec, without a Kubernetes."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from kfp import dsl, kubernetes

from rehearsal.kfp import memory, spec
from rehearsal.kfp.pod import manifest, output_file
from rehearsal.kfp.task import Attempt
from rehearsal.kfp.values import DriverError, condition_holds
from tests.rehearsal.kfp.pipelines import compiled, produce, shell, shell_with_argument


def attempt_of(function, folder, task="shell", **inputs):
    """The attempt that a pipeline's task comes to; parameters of the platform spec are as the compiler left them."""
    package = spec.from_file("p.yaml", compiled(function, folder).read_bytes())
    component = package.pipeline["components"][f"comp-{task}"]
    platform = yaml.safe_load(yaml.safe_dump(package.kubernetes(component)))
    for source in platform.get("secretAsEnv", []) + platform.get("secretAsVolume", []):
        source["secretNameParameter"] = source["secretNameParameter"]["runtimeValue"]["constant"]
    return Attempt(
        run_id="run-1",
        workflow="example-abcde",
        pod="example-abcde-system-container-impl-1",
        node_id="example-abcde-1",
        node_name=f"example-abcde.root.{task}.executor",
        namespace="ml",
        service_account="pipeline-runner",
        container=package.container(component),
        kubernetes=platform,
        inputs=inputs,
        output_parameters=component.get("outputDefinitions", {}).get("parameters", {}),
        log=Path("log"),
        cancelled=threading.Event(),
        abandoned=threading.Event(),
        waiting=lambda reason: None,
        started=lambda: None,
    )


def test_a_plain_task_is_a_plain_pod(tmp_path):
    def pipeline():
        shell(script="echo x")

    pod = manifest(attempt_of(pipeline, tmp_path, script="echo x"))

    assert pod["metadata"]["labels"] == {
        "pipeline/runid": "run-1",
        "pipelines.kubeflow.org/v2_component": "true",
        "workflows.argoproj.io/workflow": "example-abcde",
        "workflows.argoproj.io/completed": "false",
    }
    assert pod["metadata"]["annotations"]["workflows.argoproj.io/node-name"] == "example-abcde.root.shell.executor"
    (container,) = pod["spec"].pop("containers")
    assert pod["spec"] == {
        "restartPolicy": "Never",
        "serviceAccountName": "pipeline-runner",
        "hostNetwork": True,
        "terminationGracePeriodSeconds": 2,
    }
    assert container["image"] == "example/steps:1"
    assert (container["command"], container["args"]) == (["sh", "-ec"], ["echo x"])
    assert {entry["name"] for entry in container["env"]} == {"KFP_POD_NAME", "KFP_POD_UID", "KFP_NAMESPACE"}
    assert not {"resources", "securityContext", "imagePullPolicy", "volumeMounts"} & set(container)


def test_all_that_kfp_kubernetes_can_say_reaches_the_pod(tmp_path):
    def pipeline():
        task = shell(script="echo x").set_env_variable("PLAIN", "1")
        task.set_memory_limit("2Gi").set_memory_request("512Mi").set_cpu_limit("2").set_cpu_request("500m")
        task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
        kubernetes.use_secret_as_env(task, "store", {"KEY": "STORE_KEY"})
        kubernetes.use_secret_as_volume(task, "files", "/mnt/files", optional=True)
        kubernetes.use_field_path_as_env(task, "RUN", "metadata.labels['pipeline/runid']")
        kubernetes.set_timeout(task, 30)
        kubernetes.set_image_pull_policy(task, "IfNotPresent")
        kubernetes.add_node_selector(task, "disk", "fast")
        kubernetes.add_toleration(task, key="gpu", operator="Equal", value="yes", effect="NoSchedule")
        kubernetes.set_security_context(task, run_as_user=1000, run_as_group=0)
        kubernetes.add_pod_label(task, "team", "a")
        kubernetes.add_pod_annotation(task, "note", "b")

    pod = manifest(attempt_of(pipeline, tmp_path, script="echo x"))
    container, variables = pod["spec"]["containers"][0], {}
    for entry in pod["spec"]["containers"][0]["env"]:
        variables[entry["name"]] = entry.get("value", entry.get("valueFrom"))

    assert container["resources"] == {
        "limits": {"memory": "2Gi", "cpu": "2", "nvidia.com/gpu": "1"},
        "requests": {"memory": "512Mi", "cpu": "500m"},
    }
    assert variables["PLAIN"] == "1"
    assert variables["STORE_KEY"] == {"secretKeyRef": {"name": "store", "key": "KEY", "optional": False}}
    assert variables["RUN"] == {"fieldRef": {"fieldPath": "metadata.labels['pipeline/runid']"}}
    assert pod["spec"]["volumes"] == [{"name": "files", "secret": {"secretName": "files", "optional": True}}]
    assert container["volumeMounts"] == [{"name": "files", "mountPath": "/mnt/files"}]
    assert container["securityContext"] == {"runAsUser": 1000, "runAsGroup": 0, "capabilities": {"drop": ["ALL"]}}
    assert container["imagePullPolicy"] == "IfNotPresent"
    assert pod["spec"]["activeDeadlineSeconds"] == 30
    assert pod["spec"]["nodeSelector"] == {"disk": "fast"}
    assert pod["spec"]["tolerations"] == [{"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"}]
    assert pod["metadata"]["labels"]["team"] == "a" and pod["metadata"]["annotations"]["note"] == "b"


def test_the_output_that_a_container_writes_is_its_termination_message(tmp_path):
    def pipeline():
        produce(script="echo 1 > $0")

    attempt = attempt_of(pipeline, tmp_path, "produce", script="echo 1 > $0")
    container = manifest(attempt)["spec"]["containers"][0]

    assert output_file(attempt) == ("/tmp/kfp/outputs/result", "result")
    assert container["args"] == ["echo 1 > $0", container["terminationMessagePath"]]


def test_a_pull_policy_that_kubernetes_has_not_is_refused(tmp_path):
    def pipeline():
        shell(script="echo x")

    attempt = replace(attempt_of(pipeline, tmp_path, script="echo x"), kubernetes={"imagePullPolicy": "Sometimes"})
    with pytest.raises(DriverError, match="unsupported value: Sometimes"):
        manifest(attempt)


def test_arguments_are_filled_in_and_unknown_placeholders_stay(tmp_path):
    def pipeline():
        shell_with_argument(script="echo {{$.pipeline_job_name}}", argument=dsl.PIPELINE_ROOT_PLACEHOLDER)

    attempt = attempt_of(
        pipeline, tmp_path, "shell-with-argument", script="echo {{$.pipeline_job_name}}", argument="{}"
    )

    assert manifest(attempt)["spec"]["containers"][0]["args"] == ["echo {{$.pipeline_job_name}}", "{}"]


@pytest.mark.parametrize(
    ("text", "amount"), [("100", 100), ("2Gi", 2 * 2**30), ("1.5M", 1_500_000), ("500m", 0), ("1e3", 1000)]
)
def test_quantities_are_those_of_kubernetes(text, amount):
    assert memory.quantity(text) == amount


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("int(inputs.parameter_values['n']) == 5", True),
        ("inputs.parameter_values['s'] != 'x' && !(double(inputs.parameter_values['n']) < 1.5)", False),
        ("inputs.parameter_values['s'] == 'x' || false", True),
        ("inputs.parameter_values['b'] == true", True),
    ],
)
def test_conditions_mean_what_the_compiler_means(condition, holds):
    assert condition_holds(condition, {"n": 5, "s": "x", "b": True}) is holds


def test_a_condition_that_is_more_is_refused():
    with pytest.raises(DriverError):
        condition_holds("size(inputs.parameter_values['s']) == 1", {"s": "x"})
