"""The checks of Kubernetes and KServe, green and red, against a real API server."""

from __future__ import annotations

import base64

import pytest
import yaml
from kubernetes import client

from rehearsal.kserve.serving_runtimes import servingruntimes
from stacks.deployers.kserve.rights import RIGHTS
from stacks.deployers.kserve.serving_runtime import serving_runtime
from stacks.doctor import kserve_api, kserve_rights, kubernetes_access, zenml_secret
from switchyard.errors import SwitchyardError
from switchyard.project import ROOT
from tests.stacks.doctor.conftest import target

BASE = ROOT / "stacks" / "kubernetes" / "base"


@pytest.fixture
def prepared(namespace, cluster):
    """A namespace as the manifests make it."""
    core, rbac = client.CoreV1Api(cluster), client.RbacAuthorizationV1Api(cluster)
    for account in yaml.safe_load_all((BASE / "service-accounts.yaml").read_text()):
        core.create_namespaced_service_account(namespace, account)
    role, binding = yaml.safe_load_all((BASE / "deployer-role.yaml").read_text())
    binding["subjects"][0]["namespace"] = namespace
    rbac.create_namespaced_role(namespace, role)
    rbac.create_namespaced_role_binding(namespace, binding)
    return namespace


def in_namespace(namespace, **variables):
    return target(KFP_NAMESPACE=namespace, **({"KUBE_CONTEXT": "admin"} | variables))


def forget(cluster, namespace, verb, resource):
    """Takes one right out of the Role."""
    rbac = client.RbacAuthorizationV1Api(cluster)
    role = rbac.read_namespaced_role("switchyard-deployer", namespace)
    for rule in role.rules:
        if resource in rule.resources:
            rule.verbs.remove(verb)
            rule.verbs.append("watch")  # a rule may not be empty
    rbac.replace_namespaced_role("switchyard-deployer", namespace, role)


def test_a_cluster_that_is_as_it_should_be(prepared):
    stack = in_namespace(prepared)

    found = {check.__name__: check.look(stack) for check in (kubernetes_access, kserve_api, kserve_rights)}

    assert {name: each.state for name, each in found.items()} == dict.fromkeys(found, "ok"), found


def test_a_namespace_that_is_not_there(cluster):
    found = kubernetes_access.look(in_namespace("nowhere"))

    assert found.state == "failed"
    assert "no namespace nowhere" in found.seen


def test_a_context_that_is_not_there(cluster):
    with pytest.raises(SwitchyardError, match=r"KUBE_CONTEXT"):
        kubernetes_access.look(in_namespace("ml", KUBE_CONTEXT="nowhere"))


def test_a_cluster_that_does_not_answer(kubeconfig, tmp_path, monkeypatch, unused):
    settings = yaml.safe_load(kubeconfig.read_text())
    for each in settings["clusters"]:
        each["cluster"]["server"] = f"https://{unused}"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    with pytest.raises(SwitchyardError, match=rf"{unused} cannot be reached"):
        kubernetes_access.look(in_namespace("ml"))


def test_credentials_that_are_not_accepted(kubeconfig, tmp_path, monkeypatch):
    settings = yaml.safe_load(kubeconfig.read_text())
    for each in settings["users"]:
        each["user"] = {"token": "the-wrong-token"}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    with pytest.raises(SwitchyardError, match=r"does not accept the credentials") as refused:
        kubernetes_access.look(in_namespace("ml"))
    assert "the-wrong-token" not in str(refused.value)


def test_a_user_who_sees_nothing_of_the_namespace(prepared):
    found = kubernetes_access.look(in_namespace(prepared, KUBE_CONTEXT="pipeline-runner"))

    assert found.state == "failed"
    assert "RoleBinding" in found.advice


@pytest.mark.parametrize("right", RIGHTS, ids=str)
def test_each_right_that_is_missing_is_named(prepared, cluster, right):
    forget(cluster, prepared, right.verb, right.resource)

    found = kserve_rights.look(in_namespace(prepared))

    assert found.state == "failed"
    assert f"ServiceAccount pipeline-runner may not {right} in" in found.seen


@pytest.mark.parametrize("account", ["pipeline-runner-dspa", "default-editor"])
def test_the_account_of_openshift_ai_or_of_a_profile_comes_before_our_own(namespace, cluster, account):
    for name in ("pipeline-runner", account):
        client.CoreV1Api(cluster).create_namespaced_service_account(namespace, {"metadata": {"name": name}})

    found = kserve_rights.look(in_namespace(namespace))

    assert found.state == "failed"
    assert f"ServiceAccount {account} may not get inferenceservices" in found.seen


def test_no_account(namespace):
    found = kserve_rights.look(in_namespace(namespace))

    assert found.state == "failed"
    assert "has none of the ServiceAccounts" in found.seen


def test_who_may_not_ask_about_others_is_told_of_itself(prepared):
    found = kserve_rights.look(in_namespace(prepared, KUBE_CONTEXT="pipeline-runner"))

    assert found.state == "failed"
    assert found.seen.startswith("this user may not")


def test_who_may_only_impersonate_asks_in_the_others_place(prepared, cluster):
    """Bound to pipeline-runner of `ml`, which the kubeconfig has a context for."""
    rbac = client.RbacAuthorizationV1Api(cluster)
    rule = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate", "get"]}
    rbac.create_namespaced_role(prepared, {"metadata": {"name": "actor"}, "rules": [rule]})
    subject = {"kind": "ServiceAccount", "name": "pipeline-runner", "namespace": "ml"}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "actor"}
    binding = {"metadata": {"name": "actor"}, "roleRef": reference, "subjects": [subject]}
    rbac.create_namespaced_role_binding(prepared, binding)

    found = kserve_rights.look(in_namespace(prepared, KUBE_CONTEXT="pipeline-runner"))

    assert (found.state, found.seen.split(" may ")[0]) == ("ok", "ServiceAccount pipeline-runner")


def test_the_account_of_the_models_is_missing(namespace):
    found = kserve_api.look(in_namespace(namespace))

    assert found.state == "failed"
    assert "no ServiceAccount switchyard-models" in found.seen


def test_our_own_runtime_is_missing_or_of_another_lock_or_as_it_should_be(prepared, cluster):
    stack = in_namespace(prepared, KSERVE_RUNTIME="switchyard", SWITCHYARD_IMAGE="registry/switchyard@sha256:2")
    with servingruntimes(cluster):
        missing = kserve_api.look(stack)
        apply(cluster, serving_runtime(prepared, "registry/switchyard@sha256:1"))
        other = kserve_api.look(stack)
        apply(cluster, serving_runtime(prepared, "registry/switchyard@sha256:2"))
        there = kserve_api.look(stack)

    assert [each.state for each in (missing, other, there)] == ["failed", "failed", "ok"]
    assert missing.seen == "there is no ServingRuntime switchyard"
    assert missing.advice == "python run.py runtime | kubectl apply -f -, or correct KSERVE_RUNTIME"
    assert "has the image registry/switchyard@sha256:1 and not registry/switchyard@sha256:2" in other.seen
    assert "runtime switchyard" in there.seen


def test_a_runtime_that_kserve_should_have_brought(prepared, cluster):
    with servingruntimes(cluster):
        found = kserve_api.look(in_namespace(prepared))

    assert (found.state, found.advice) == ("failed", "install it, or correct KSERVE_RUNTIME")


def apply(cluster, manifest):
    wanted = yaml.safe_load(manifest)
    place = ("serving.kserve.io", "v1alpha1", wanted["metadata"]["namespace"], "servingruntimes")
    objects = client.CustomObjectsApi(cluster)
    if objects.list_namespaced_custom_object(*place)["items"]:
        objects.patch_namespaced_custom_object(*place, wanted["metadata"]["name"], wanted)
    else:
        objects.create_namespaced_custom_object(*place, wanted)


def test_a_field_that_the_crd_does_not_have(prepared, monkeypatch):
    monkeypatch.setattr(kserve_api, "_FIELDS", (*kserve_api._FIELDS, "model.protocolVersionX"))

    found = kserve_api.look(in_namespace(prepared))

    assert found.state == "failed"
    assert "spec.predictor.model.protocolVersionX" in found.seen


def test_a_cluster_without_kserve(prepared, monkeypatch):
    monkeypatch.setattr(kserve_api, "_GROUP", "serving.nobody.io")

    found = kserve_api.look(in_namespace(prepared))

    assert found.state == "failed"
    assert "install KServe" in found.advice


def secret(cluster, namespace, **values):
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    client.CoreV1Api(cluster).create_namespaced_secret(
        namespace, {"metadata": {"name": "switchyard-zenml"}, "data": data}
    )


def test_the_key_for_the_pods(prepared, cluster, fresh_zenml):
    stack = in_namespace(prepared)

    missing = zenml_secret.look(stack)
    secret(cluster, prepared, ZENML_STORE_API_KEY="the-key")
    there = zenml_secret.look(stack)

    assert (missing.state, there.state) == ("failed", "ok")
    assert "kubectl create secret generic switchyard-zenml" in missing.advice
    assert "the-key" not in there.seen


def test_a_secret_without_the_key(prepared, cluster, fresh_zenml):
    secret(cluster, prepared, OTHER="x")

    found = zenml_secret.look(in_namespace(prepared))

    assert found.state == "failed"
    assert "has no ZENML_STORE_API_KEY" in found.seen


def test_a_secret_that_may_not_be_looked_at(prepared):
    assert zenml_secret.look(in_namespace(prepared, KUBE_CONTEXT="pipeline-runner")).state == "skipped"


def test_a_key_that_the_server_does_not_accept(prepared, cluster, fresh_zenml, tmp_path, monkeypatch):
    from rehearsal.zenml_server import zenml_server

    with zenml_server(tmp_path / "server") as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fresh_zenml()
        secret(cluster, prepared, ZENML_STORE_API_KEY="ZENKEY_wrong")
        wrong = zenml_secret.look(in_namespace(prepared))
        client.CoreV1Api(cluster).delete_namespaced_secret("switchyard-zenml", prepared)
        secret(cluster, prepared, ZENML_STORE_API_KEY=environment["ZENML_STORE_API_KEY"])
        right = zenml_secret.look(in_namespace(prepared))

    assert (wrong.state, right.state) == ("failed", "ok")
    assert "does not accept" in wrong.seen
