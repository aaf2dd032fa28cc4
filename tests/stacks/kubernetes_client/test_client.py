"""The way into Kubernetes, where a stack names a context that only some machines have."""

from __future__ import annotations

import pytest

from stacks.kubernetes_client.client import kubernetes_client
from switchyard.errors import InputError

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: team, context: {cluster: c, user: u}}]
"""


@pytest.fixture
def in_a_pod(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.mark.parametrize("context", ["", "team"])
def test_a_pod_without_a_kubeconfig_uses_its_own_account(in_a_pod, context):
    with pytest.raises(InputError, match="Service token file does not exist"):  # this is no pod, but it has looked
        kubernetes_client(context)


def test_a_pod_with_a_kubeconfig_uses_the_context_that_is_named(in_a_pod, tmp_path):
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(KUBECONFIG)

    assert kubernetes_client("team").configuration.host == "https://127.0.0.1:1"
    with pytest.raises(InputError, match="context other of the kubeconfig cannot be used"):
        kubernetes_client("other")
