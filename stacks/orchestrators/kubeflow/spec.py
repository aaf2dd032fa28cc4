"""A snapshot of ZenML's as a PipelineSpec of KFP: a task a step, and one at the end that puts things right."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stacks.orchestrators.kubeflow.environment import pod_environment
from stacks.orchestrators.kubeflow.exit_command import EXIT_COMMAND, EXIT_TASK
from stacks.orchestrators.kubeflow.quantity import kubernetes_memory
from stacks.orchestrators.kubeflow.step_command import STEP_COMMAND
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from uuid import UUID

    from kfp.dsl import ContainerSpec, PipelineTask
    from kfp.dsl.graph_component import GraphComponent
    from zenml.config.step_configurations import Step

    from stacks.orchestrators.kubeflow.config import KubeflowConfig, KubeflowSettings

# KFP fills its placeholders in only where they are a task's whole input, never in an environment; each pod has a label.
RUN_ID_VARIABLE = "KFP_RUN_ID"
_RUN_ID_FIELD = "metadata.labels['pipeline/runid']"
_API_KEY = "ZENML_STORE_API_KEY"
_STEPS_GROUP = "steps"


@dataclass(frozen=True)
class StepPod:
    """What one step's pod is made from.

    Attributes:
        name: The step, as ZenML calls this invocation.
        image: Full reference.
        step: Its configuration, resources and retries among it.
        settings: Of the orchestrator, for this step.
        environment: As ZenML made it.
        arguments: For the step command.
    """

    name: str
    image: str
    step: Step
    settings: KubeflowSettings
    environment: dict[str, str]
    arguments: list[str] = field(default_factory=list)


def pipeline_yaml(
    snapshot: UUID,
    pods: list[StepPod],
    config: KubeflowConfig,
    name: str,
    environment: dict[str, str],
) -> str:
    """Compiles a snapshot.

    Args:
        snapshot: Its id.
        pods: One a step, each after those that it needs.
        config: Of the orchestrator.
        name: Of the pipeline in KFP.
        environment: As ZenML made it for what is no step: the exit task.

    Returns:
        YAML that KFP's API and its upload page take: the pipeline, and what Kubernetes is told of its pods.

    Raises:
        SwitchyardError: A step asks for something that KFP cannot be told.
    """
    from kfp.compiler import Compiler

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = Path(folder) / "pipeline.yaml"
        Compiler().compile(_pipeline(snapshot, pods, config, name, environment), str(path))
        return path.read_text()


def _pipeline(
    snapshot: UUID,
    pods: list[StepPod],
    config: KubeflowConfig,
    name: str,
    environment: dict[str, str],
) -> GraphComponent:
    from kfp import dsl

    def tasks() -> None:
        last = _container(EXIT_TASK, pods[0].image, [*EXIT_COMMAND, "--snapshot_id", str(snapshot)], [])()
        last.set_display_name(EXIT_TASK).set_caching_options(False)
        _dress(last, environment, config)
        with dsl.ExitHandler(last, name=_STEPS_GROUP):
            made: dict[str, Any] = {}
            for pod in pods:
                upstream = [made[each] for each in pod.step.spec.upstream_steps if each in made]
                made[pod.name] = _task(pod, config).after(*upstream)

    tasks.__annotations__ = {}  # KFP would look for an artifact type called "None"
    return dsl.pipeline(name=name, display_name=name)(tasks)


def _task(pod: StepPod, config: KubeflowConfig) -> PipelineTask:
    task = _container(pod.name, pod.image, STEP_COMMAND, pod.arguments)()
    task.set_display_name(pod.name).set_caching_options(False)  # ZenML has a cache of its own
    _dress(task, pod.environment, config)
    try:
        _resources(task, pod.step, config)
        _retry(task, pod.step)
        _placement(task, pod.settings)
    except ValueError as error:
        raise SwitchyardError(f"step {pod.name} cannot be told to Kubeflow Pipelines: {error}") from error
    return task


def _container(name: str, image: str, command: list[str], arguments: list[str]) -> Callable[[], PipelineTask]:
    """A component with this container; KFP takes its name from the function's."""
    from kfp import dsl

    def component() -> ContainerSpec:
        return dsl.ContainerSpec(image=image, command=command, args=arguments)

    component.__name__, component.__annotations__ = name, {}
    made: Callable[[], PipelineTask] = dsl.container_component(component)
    return made


def _dress(task: PipelineTask, environment: dict[str, str], config: KubeflowConfig) -> None:
    """What all pods have: environment, the server's key, the run's id, and no root."""
    from kfp import kubernetes

    for key, value in pod_environment(environment).items():
        task.set_env_variable(key, value)
    kubernetes.use_secret_as_env(task, config.zenml_secret, {_API_KEY: _API_KEY})
    kubernetes.use_field_path_as_env(task, RUN_ID_VARIABLE, _RUN_ID_FIELD)
    kubernetes.set_security_context(
        task, run_as_user=config.run_as_user, run_as_group=config.run_as_group, run_as_non_root=True
    )


def _resources(task: PipelineTask, step: Step, config: KubeflowConfig) -> None:
    wanted = step.config.resource_settings
    if wanted.cpu_count:
        task.set_cpu_limit(f"{wanted.cpu_count:g}")
    if wanted.memory:
        task.set_memory_limit(kubernetes_memory(wanted.memory))
    if wanted.gpu_count:
        task.set_accelerator_type(config.accelerator).set_accelerator_limit(wanted.gpu_count)


def _retry(task: PipelineTask, step: Step) -> None:
    retry = step.config.retry
    if retry and retry.max_retries:
        task.set_retry(
            retry.max_retries, backoff_duration=f"{retry.delay}s", backoff_factor=float(max(retry.backoff, 1))
        )


def _placement(task: PipelineTask, settings: KubeflowSettings) -> None:
    from kfp import kubernetes

    for label, value in settings.node_selector.items():
        kubernetes.add_node_selector(task, label, value)
    for toleration in settings.tolerations:
        kubernetes.add_toleration(task, **toleration)
    if settings.step_timeout:
        kubernetes.set_timeout(task, settings.step_timeout)
