"""What a pod gets: memory in Kubernetes' units, and an environment without secrets."""

from __future__ import annotations

import pytest

from stacks.orchestrators.kubeflow.config import KubeflowConfig, KubeflowSettings
from stacks.orchestrators.kubeflow.environment import pod_environment
from stacks.orchestrators.kubeflow.quantity import kubernetes_memory


@pytest.mark.parametrize(
    ("zenml", "kubernetes"),
    [("512MB", "512M"), ("4GiB", "4Gi"), ("1TB", "1T"), ("64KiB", "64Ki"), ("8KB", "8000"), ("100B", "100")],
)
def test_memory_is_written_as_kubernetes_does(zenml, kubernetes):
    assert kubernetes_memory(zenml) == kubernetes


@pytest.mark.parametrize("memory", ["4", "4 GB", "4Gi", "-1GB", ""])
def test_what_is_no_amount_of_memory_is_refused(memory):
    with pytest.raises(ValueError, match="is no amount of memory"):
        kubernetes_memory(memory)


def test_no_secret_gets_into_the_environment():
    secrets = {
        "ZENML_STORE_API_TOKEN": "t",
        "ZENML_STORE_API_KEY": "k",
        "AWS_SECRET_ACCESS_KEY": "a",
        "DB_PASSWORD": "p",
        "hf_token": "h",
    }
    public = {"ZENML_STORE_URL": "http://zenml", "ZENML_DISABLE_CREDENTIALS_DISK_CACHING": "true", "TOKENIZERS": "1"}

    assert pod_environment({**secrets, **public}) == {
        **public,
        "ZENML_ANALYTICS_OPT_IN": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def test_telemetry_stays_off_whatever_the_submitter_has():
    assert pod_environment({"ZENML_ANALYTICS_OPT_IN": "True"})["ZENML_ANALYTICS_OPT_IN"] == "false"


@pytest.mark.parametrize(
    ("toleration", "said"),
    [
        ({"key": "a", "operator": "In"}, "allowed are Equal and Exists"),
        ({"key": "a", "effect": "Never"}, "allowed are NoSchedule"),
        ({"name": "a"}, "has no name"),
    ],
)
def test_a_toleration_that_kubernetes_would_refuse_is_refused_here(toleration, said):
    with pytest.raises(ValueError, match=said):
        KubeflowSettings(tolerations=[toleration])


def test_what_a_toleration_leaves_open_stays_open():
    settings = KubeflowSettings(tolerations=[{"key": "gpu", "operator": "Exists", "value": None, "effect": None}])

    assert settings.tolerations == [{"key": "gpu", "operator": "Exists"}]


def test_a_url_without_a_scheme_is_refused():
    with pytest.raises(ValueError, match="has to start with http"):
        KubeflowConfig(url="kubeflow.example.com")
