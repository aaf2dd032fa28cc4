"""A Kubernetes, an S3 server and a controller that plays KServe, shared by the tests of this folder."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kubernetes import client, config
from zenml.client import Client
from zenml.config.global_config import GlobalConfiguration

from rehearsal.kserve.controller import running
from rehearsal.storage import s3_server
from stacks.deployers.kserve.storage import ModelStorage
from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import StackFile

NAMESPACE = "ml"


@dataclass(frozen=True)
class Place:
    """Where the tests serve.

    Attributes:
        kubeconfig: Of the cluster.
        s3: The stack's variables of the S3 server.
    """

    kubeconfig: Path
    s3: dict[str, str]

    def api(self, context="admin"):
        return config.new_client_from_config(str(self.kubeconfig), context=context)


@pytest.fixture(scope="module")
def place(kubeconfig, tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3"), "models") as s3:
        made = Place(kubeconfig, s3)
        _model_account(client.CoreV1Api(made.api()), s3)
        yield made


def _model_account(core, s3):
    annotations = {
        "serving.kserve.io/s3-endpoint": s3["S3_ENDPOINT_URL"].removeprefix("http://"),
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": s3["S3_REGION"],
    }
    keys = {"AWS_ACCESS_KEY_ID": s3["S3_ACCESS_KEY_ID"], "AWS_SECRET_ACCESS_KEY": s3["S3_SECRET_ACCESS_KEY"]}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in keys.items()}
    secret = {"metadata": {"name": "switchyard-models-s3", "annotations": annotations}, "data": data}
    account = {"metadata": {"name": "switchyard-models"}, "secrets": [{"name": "switchyard-models-s3"}]}
    for kind, body in (("secret", secret), ("service_account", account)):
        try:
            getattr(core, f"create_namespaced_{kind}")(NAMESPACE, body)
        except client.ApiException:
            getattr(core, f"replace_namespaced_{kind}")(body["metadata"]["name"], NAMESPACE, body)


@pytest.fixture(scope="module")
def controller(place, tmp_path_factory):
    with running(place.kubeconfig, NAMESPACE, tmp_path_factory.mktemp("controller")) as playing:
        yield playing


def stack_of(place, **settings):
    """A stack with an S3 artifact store and the deployer, as the stack file of a cluster has them."""
    store = {
        "path": f"{place.s3['S3_BUCKET_URI']}/artifacts",
        "key": place.s3["S3_ACCESS_KEY_ID"],
        "secret": place.s3["S3_SECRET_ACCESS_KEY"],
        "client_kwargs": {"endpoint_url": place.s3["S3_ENDPOINT_URL"], "region_name": place.s3["S3_REGION"]},
    }
    deployer = {"namespace": NAMESPACE, "kubernetes_context": "admin", "ready_timeout": 60, **settings}
    components = {
        "orchestrator": {"name": "local", "flavor": "local"},
        "artifact_store": {"name": "bucket", "flavor": "s3", "config": store},
        "model_deployer": {
            "name": "cluster",
            "flavor": "stacks.deployers.kserve.flavor.KServeFlavor",
            "config": deployer,
        },
    }
    return StackFile.model_validate({"components": components})


@pytest.fixture(scope="module")
def component(place, tmp_path_factory):
    """The deployer in a ZenML of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZENML_CONFIG_PATH", str(tmp_path_factory.mktemp("zenml")))
        patch.setenv("ZENML_REPOSITORY_PATH", str(tmp_path_factory.mktemp("repository")))
        patch.setenv("KUBECONFIG", str(place.kubeconfig))
        GlobalConfiguration._reset_instance()
        Client._reset_instance()
        apply_stack("cluster", stack_of(place))
        yield Client().active_stack.model_deployer
    GlobalConfiguration._reset_instance()
    Client._reset_instance()


@pytest.fixture
def deployer(component, controller):
    """The deployer, with nothing served before and after."""
    yield component
    for service in component.find_model_server():
        component.delete_model_server(service.uuid)


@pytest.fixture
def aged(monkeypatch):
    """What is in the bucket has been there for long."""
    monkeypatch.setattr(ModelStorage, "_written", lambda self, path: datetime.min.replace(tzinfo=UTC))


@pytest.fixture
def settings(component, monkeypatch):
    """A function that gives the deployer other settings for the rest of a test."""

    def change(**values):
        monkeypatch.setattr(component, "_config", component.config.model_copy(update=values))

    return change


@pytest.fixture
def uploads(component, monkeypatch):
    """A function that changes what arrives in the bucket: `model.onnx` becomes what is given."""
    bucket = component._storage()
    write = bucket.filesystem.pipe_file
    monkeypatch.setattr(component, "_storage", lambda: bucket)

    def change(content):
        def pipe_file(path, value, **options):
            if path.endswith("model.onnx"):
                if isinstance(content, Exception):
                    raise content
                value = content
            return write(path, value, **options)

        monkeypatch.setattr(bucket.filesystem, "pipe_file", pipe_file)

    return change


@pytest.fixture
def rights(place):
    """A function that gives `pipeline-runner` these verbs on InferenceServices, and what else a roll-out reads."""
    rbac = client.RbacAuthorizationV1Api(place.api())
    name = "some-rights"

    def give(verbs):
        rules = [
            {"apiGroups": ["serving.kserve.io"], "resources": ["inferenceservices"], "verbs": list(verbs)},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        ]
        rbac.create_namespaced_role(NAMESPACE, {"metadata": {"name": name}, "rules": rules})
        subject = {"kind": "ServiceAccount", "name": "pipeline-runner", "namespace": NAMESPACE}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        body = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
        rbac.create_namespaced_role_binding(NAMESPACE, body)

    yield give
    rbac.delete_namespaced_role_binding(name, NAMESPACE)
    rbac.delete_namespaced_role(name, NAMESPACE)
