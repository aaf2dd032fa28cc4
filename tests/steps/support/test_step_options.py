"""What the config's `steps` turn into for ZenML, on a stack with nodes to choose from and on one without."""

from __future__ import annotations

import pytest
from zenml.enums import StackComponentType

from steps.support.options import step_options
from switchyard.config.sections import Config

CONFIG = Config.model_validate(
    {
        "name": "people",
        "task": "classification",
        "data": {"uri": "people.csv", "target": "label"},
        "contract": {"columns": {"label": {"type": "string"}}},
        "candidates": {"forest": {"type": "random_forest"}},
        "metrics": {"primary": "roc_auc"},
        "steps": {
            "default": {"cpu": 0.5, "retries": 2},
            "train": {"memory": "4Gi", "gpu": 1, "timeout": 600, "node_selector": {"pool": "gpu"}},
            "train_forest": {"tolerations": [{"key": "gpu", "operator": "Exists"}]},
        },
    }
)


@pytest.fixture(scope="module")
def kubeflow(zenml):
    """A stack whose orchestrator places pods on nodes; nothing of it is asked."""
    from stacks.orchestrators.kubeflow.flavor import KubeflowFlavor

    zenml.create_flavor("stacks.orchestrators.kubeflow.flavor.KubeflowFlavor", StackComponentType.ORCHESTRATOR)
    zenml.create_stack_component("cluster", KubeflowFlavor().name, StackComponentType.ORCHESTRATOR, {})
    local = zenml.active_stack_model.name
    zenml.create_stack(
        "cluster", {StackComponentType.ORCHESTRATOR: "cluster", StackComponentType.ARTIFACT_STORE: "default"}
    )
    zenml.activate_stack("cluster")
    yield
    zenml.activate_stack(local)


def test_resources_and_retries_are_zenmls_own(zenml):
    options = step_options(CONFIG, "train", "train_forest")

    resources = options["settings"]["resources"]
    assert (resources.cpu_count, resources.gpu_count, resources.get_memory("MiB")) == (0.5, 1, 4096)
    assert options["retry"].max_retries == 2


def test_a_stack_without_nodes_is_told_nothing_of_them(zenml):
    assert "orchestrator" not in step_options(CONFIG, "train", "train_forest")["settings"]


def test_a_stack_with_nodes_is_told_which(kubeflow):
    assert step_options(CONFIG, "train", "train_forest")["settings"]["orchestrator"] == {
        "node_selector": {"pool": "gpu"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "step_timeout": 600,
    }


def test_a_step_that_asks_for_nothing_gets_no_settings(zenml):
    assert step_options(CONFIG.model_copy(update={"steps": {}}), "deploy") == {}
