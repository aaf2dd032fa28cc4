"""The manifests on a real API server: what they make, what the pipeline's account may do then, and what it may not."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from rehearsal.kserve import credentials
from rehearsal.programs import program
from stacks.deployers.kserve.rights import RIGHTS, Right
from stacks.setup.stack_file import read_stack
from switchyard.project import ROOT
from tests.stacks.doctor.conftest import REQUIRED

pytestmark = pytest.mark.integration
MANIFESTS = ROOT / "stacks" / "kubernetes"
SERVICE = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "spec": {"predictor": {}}}
CONTAINERS = {"containers": [{"name": "main", "image": "none"}]}
DEPLOYMENT = {
    "selector": {"matchLabels": {"app": "there"}},
    "template": {"metadata": {"labels": {"app": "there"}}, "spec": CONTAINERS},
}


@dataclass(frozen=True)
class Cluster:
    """The cluster under test, asked by kubectl as its administrator, or request by request as anybody."""

    kubeconfig: Path

    def kubectl(self, *words: Any) -> str:
        command = [program("kubectl"), "--kubeconfig", str(self.kubeconfig), "--context", "admin", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def admin(self):
        return config.new_client_from_config(str(self.kubeconfig), context="admin")

    def ask(self, context, method, path, body=None, dry=False, account=""):
        """The status of the answer; `account` is somebody for whom the administrator asks."""
        kind = "merge-patch+json" if method == "PATCH" else "json"
        headers = {"Content-Type": f"application/{kind}"} | ({"Impersonate-User": account} if account else {})
        api = config.new_client_from_config(str(self.kubeconfig), context=context)
        try:
            return api.call_api(
                path,
                method,
                query_params=[("dryRun", "All")] if dry else [],
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
            )[1]
        except client.ApiException as error:
            return error.status

    def await_rights(self, account):
        """Returns when the API server has heard of a Role and its binding: it keeps them in a cache."""
        pods = f"/api/v1/namespaces/{account.split(':')[2]}/pods"
        for _ in range(100):
            if self.ask("admin", "GET", pods, account=account) == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"{account} gets no rights")


@pytest.fixture(scope="module")
def cluster(kubeconfig):
    return Cluster(kubeconfig)


@pytest.fixture(scope="module")
def applied(cluster):
    """The manifests in `ml`, whose account `pipeline-runner` has a context of its own, and an object of each kind."""
    cluster.kubectl("apply", "-k", MANIFESTS / "base")
    for path, body in (
        (f"{services()}", SERVICE | named()),
        ("/apis/apps/v1/namespaces/ml/deployments", named() | {"spec": DEPLOYMENT}),
        ("/api/v1/namespaces/ml/pods", named() | {"spec": CONTAINERS}),
        ("/api/v1/namespaces/ml/secrets", named()),
    ):
        assert cluster.ask("admin", "POST", path, body) == 201
    cluster.await_rights(account("ml"))
    yield cluster
    cluster.kubectl("-n", "ml", "delete", "--wait=false", "inferenceservice,deployment,pod,secret", "there")
    cluster.kubectl("-n", "ml", "delete", "role/switchyard-deployer", "rolebinding/switchyard-deployer")
    cluster.kubectl("-n", "ml", "delete", "serviceaccount", "switchyard-models")


@pytest.fixture
def namespace(cluster):
    """The name of one that nobody has."""
    name = f"manifests-{token_hex(4)}"
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def account(namespace, name="pipeline-runner"):
    return f"system:serviceaccount:{namespace}:{name}"


def named(name="there", **metadata):
    return {"metadata": {"name": name, **metadata}}


def services(namespace="ml", name=""):
    return f"/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices/{name}".rstrip("/")


def of_readme(folder: Path, named: str, namespace: str) -> Path:
    """A kustomization of the README beside copies of the manifests, for another namespace than the one it is for."""
    shutil.copytree(MANIFESTS, folder, ignore=shutil.ignore_patterns("*.env"), dirs_exist_ok=True)
    blocks = re.findall(r"```yaml\n(.*?)```", (MANIFESTS / "README.md").read_text(), re.DOTALL)
    (block,) = [each for each in blocks if f"namespace: {named}\n" in each]
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / "kustomization.yaml").write_text(block.replace(f"namespace: {named}", f"namespace: {namespace}"))
    return folder / "own"


def for_secrets(folder: Path) -> Path:
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text().replace("[../base]", "[../secrets]"))
    return folder


def test_the_role_and_the_doctor_ask_for_the_same():
    role, _ = yaml.safe_load_all((MANIFESTS / "base" / "deployer-role.yaml").read_text())

    given = {
        Right(verb, group, resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert given == set(RIGHTS)


def test_applying_twice_changes_nothing(applied):
    def versions():
        found = yaml.safe_load(applied.kubectl("get", "-k", MANIFESTS / "base", "-o", "yaml"))["items"]
        return {(each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"] for each in found}

    before = versions()
    applied.kubectl("apply", "-k", MANIFESTS / "base")

    assert versions() == before
    assert set(before) == {
        ("Namespace", "ml"),
        ("ServiceAccount", "pipeline-runner"),
        ("ServiceAccount", "switchyard-models"),
        ("Role", "switchyard-deployer"),
        ("RoleBinding", "switchyard-deployer"),
    }


# In this order: what is created is there to be changed and deleted.
ALLOWED = {
    "create inferenceservices.serving.kserve.io": ("POST", services(), SERVICE | named("new"), {201}),
    "get inferenceservices.serving.kserve.io": ("GET", services(name="new"), None, {200}),
    "patch inferenceservices.serving.kserve.io": (
        "PATCH",
        services(name="new"),
        named("new", labels={"a": "b"}),
        {200},
    ),
    "delete inferenceservices.serving.kserve.io": ("DELETE", services(name="new"), None, {200}),
    "get deployments.apps": ("GET", "/apis/apps/v1/namespaces/ml/deployments/there", None, {200}),
    "list pods": ("GET", "/api/v1/namespaces/ml/pods", None, {200}),
    # Let through; the pod has not started, so there is no log: no content, or a bad request where there are nodes.
    "get pods/log": ("GET", "/api/v1/namespaces/ml/pods/there/log", None, {204, 400}),
}


def test_each_right_of_the_list_is_tried_below():
    assert set(ALLOWED) == {str(right) for right in RIGHTS}


def test_the_account_may_do_all_that_a_roll_out_does(applied):
    done = {right: applied.ask("pipeline-runner", *request[:3]) for right, request in ALLOWED.items()}

    assert {right: status for right, status in done.items() if status not in ALLOWED[right][3]} == {}


REFUSED = [
    ("GET", "/api/v1/namespaces/ml/secrets", None),
    ("GET", "/api/v1/namespaces/ml/secrets/there", None),
    ("POST", "/api/v1/namespaces/ml/secrets", named("new")),
    ("GET", "/api/v1/namespaces/ml/configmaps", None),
    ("GET", "/api/v1/namespaces/ml/serviceaccounts", None),
    ("POST", "/api/v1/namespaces/ml/serviceaccounts", named("new")),
    ("GET", "/api/v1/namespaces/ml/pods/there", None),
    ("POST", "/api/v1/namespaces/ml/pods", named("new") | {"spec": CONTAINERS}),
    ("DELETE", "/api/v1/namespaces/ml/pods/there", None),
    ("GET", "/apis/apps/v1/namespaces/ml/deployments", None),
    ("POST", "/apis/apps/v1/namespaces/ml/deployments", named("new") | {"spec": DEPLOYMENT}),
    ("PATCH", "/apis/apps/v1/namespaces/ml/deployments/there", {"spec": {"replicas": 0}}),
    ("DELETE", "/apis/apps/v1/namespaces/ml/deployments/there", None),
    ("GET", services(), None),
    ("DELETE", services(), None),
    ("PATCH", "/apis/rbac.authorization.k8s.io/v1/namespaces/ml/roles/switchyard-deployer", {"rules": []}),
    ("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/ml/roles", named("new")),
    (
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/namespaces/ml/rolebindings",
        named("new") | {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}},
    ),
    # Another namespace, and all of them.
    ("POST", services("default"), SERVICE | named("new")),
    ("GET", "/api/v1/namespaces/default/pods", None),
    ("GET", "/api/v1/namespaces/default/secrets", None),
    ("GET", "/apis/serving.kserve.io/v1beta1/inferenceservices", None),
    ("GET", "/api/v1/pods", None),
    ("GET", "/api/v1/secrets", None),
    ("GET", "/api/v1/namespaces", None),
    ("POST", "/api/v1/namespaces", named("new")),
    ("GET", "/api/v1/nodes", None),
]


@pytest.mark.parametrize("request_", REFUSED, ids=lambda request: f"{request[0]} {request[1]}")
def test_the_account_may_do_nothing_else(applied, request_):
    # As a request it is in order: the administrator would get it done.
    assert applied.ask("admin", *request_, dry=True) in (200, 201, 202)
    assert applied.ask("pipeline-runner", *request_) == 403


def test_another_namespace_gets_the_same_rights_in_itself_only(cluster, namespace, tmp_path):
    cluster.kubectl("apply", "-k", of_readme(tmp_path, "fraud", namespace))

    cluster.await_rights(account(namespace))
    assert cluster.ask("admin", "POST", services(namespace), SERVICE | named(), account=account(namespace)) == 201
    assert cluster.ask("admin", "POST", services("default"), SERVICE | named(), account=account(namespace)) == 403
    assert cluster.ask("admin", "POST", services(namespace), SERVICE | named(), account=account("ml")) == 403
    assert "switchyard-models" in cluster.kubectl("-n", namespace, "get", "serviceaccounts")


def test_a_namespace_that_somebody_else_has_made_stays_as_it_is(cluster, namespace, tmp_path):
    body = {"metadata": {"name": namespace, "labels": {"owner": "somebody"}}}
    assert cluster.ask("admin", "POST", "/api/v1/namespaces", body) == 201
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    assert cluster.ask("admin", "POST", path, named("pipeline-runner", labels={"owner": "somebody"})) == 201

    folder = of_readme(tmp_path, "kubeflow", namespace)
    cluster.kubectl("apply", "-k", folder)

    assert made(folder) == RIGHTS_ONLY
    cluster.await_rights(account(namespace))


def test_on_amazon_the_accounts_are_annotated_with_their_roles(cluster, namespace, tmp_path):
    cluster.kubectl("apply", "-k", of_readme(tmp_path, "ml", namespace))

    core = client.CoreV1Api(cluster.admin())
    models = core.read_namespaced_service_account("switchyard-models", namespace)
    assert models.metadata.annotations["eks.amazonaws.com/role-arn"].endswith("role/models-read")
    assert "switchyard-models-s3" not in [each.name for each in models.secrets or []]
    steps = core.read_namespaced_service_account("pipeline-runner", namespace)
    assert steps.metadata.annotations["eks.amazonaws.com/role-arn"].endswith("role/pipelines")
    cluster.await_rights(account(namespace))


def test_openshift_ai_gets_the_rights_for_the_account_it_has(cluster, namespace, tmp_path):
    shutil.copytree(MANIFESTS, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / "openshift-ai"
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("namespace: ml", f"namespace: {namespace}"))  # as its comment says
    cluster.kubectl("create", "namespace", namespace)  # OpenShift has made it, and the ServiceAccount
    cluster.kubectl("apply", "-k", overlay)

    assert made(overlay) == RIGHTS_ONLY
    cluster.await_rights(account(namespace, "pipeline-runner-dspa"))
    assert cluster.ask("admin", "GET", f"/api/v1/namespaces/{namespace}/pods", account=account(namespace)) == 403


RIGHTS_ONLY = [
    ("ServiceAccount", "switchyard-models"),
    ("Role", "switchyard-deployer"),
    ("RoleBinding", "switchyard-deployer"),
]


def made(folder: Path) -> list[tuple[str, str]]:
    return [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(kustomized(folder))]


def kustomized(folder: Path) -> str:
    return subprocess.run([program("kubectl"), "kustomize", folder], capture_output=True, text=True, check=True).stdout


def test_the_secrets_are_what_kserve_and_the_pods_look_for(cluster, namespace, tmp_path):
    own, secrets = of_readme(tmp_path, "fraud", namespace), tmp_path / "secrets"
    fill_in(secrets / "s3", AWS_ACCESS_KEY_ID="reader", AWS_SECRET_ACCESS_KEY="reader's secret=")
    fill_in(secrets / "s3-place", endpoint="minio.storage:9000", region="eu-central-1", usehttps="0")
    fill_in(secrets / "zenml", ZENML_STORE_API_KEY="ZENKEY_abc")
    cluster.kubectl("apply", "-k", own)
    cluster.kubectl("apply", "-k", for_secrets(own))

    stack, core = read_stack("kubeflow", REQUIRED), client.CoreV1Api(cluster.admin())
    models = stack.components["model_deployer"].config["service_account"]
    assert credentials.environment(core, namespace, models) == {
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "reader's secret=",
        "AWS_ENDPOINT_URL": "http://minio.storage:9000",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "SECRET": "switchyard-models-s3",
    }
    zenml = core.read_namespaced_secret(stack.components["orchestrator"].config["zenml_secret"], namespace)
    assert list(zenml.data) == ["ZENML_STORE_API_KEY"]
    assert "s3-place" not in [each.metadata.name for each in core.list_namespaced_config_map(namespace).items]


def test_secrets_that_are_not_filled_in_are_not_made(tmp_path):
    shutil.copytree(MANIFESTS / "secrets", tmp_path / "secrets", ignore=shutil.ignore_patterns("*.env"))

    with pytest.raises(subprocess.CalledProcessError) as refused:
        kustomized(tmp_path / "secrets")
    assert ".env" in refused.value.stderr


def fill_in(file: Path, **values: str) -> None:
    """Makes NAME.env of NAME.env.example, as its user would."""
    lines = file.with_name(f"{file.name}.env.example").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if not line.startswith("#")]
    assert names == list(values)
    file.with_name(f"{file.name}.env").write_text("".join(f"{name}={values[name]}\n" for name in names))
