"""What the tests of the deployer do again and again."""

from __future__ import annotations

import hashlib

import polars as pl
from kubernetes import client as kubernetes_client

from rehearsal import storage
from switchyard.config.sections import Deployment
from switchyard.model.onnx_model import OnnxModel
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.conftest import METADATA, survival_graph

ROWS = pl.DataFrame({"sex": ["female", "male", None], "age": [20.0, None, 60.0]})
SERVICES = ("serving.kserve.io", "v1beta1", "ml", "inferenceservices")


def model(bias=0.0):
    content = survival_graph(bias)
    return OnnxModel(content, {**METADATA, "sha256": hashlib.sha256(content).hexdigest()})


def roll_out(deployer, name="survival", version=1, bias=0.0, golden=None, **deployment):
    chosen = model(bias)
    return deployer.roll_out(name, version, chosen, golden or golden_rows(chosen, ROWS), Deployment(**deployment))


def answering(endpoint):
    """The version that answers."""
    return client.infer(endpoint.url, endpoint.name, None, endpoint.request)["model_version"]


def service(place, name="survival"):
    """The InferenceService as the cluster has it, or None."""
    api = kubernetes_client.CustomObjectsApi(place.api())
    try:
        return api.get_namespaced_custom_object(*SERVICES, name)
    except kubernetes_client.ApiException as error:
        assert error.status == 404
        return None


def objects(place, name="survival"):
    """The keys of the use case in the bucket, below its folder."""
    prefix = f"artifacts/serving/{name}/"
    found = storage.client(place.s3).list_objects_v2(Bucket="models", Prefix=prefix).get("Contents", [])
    return sorted(item["Key"].removeprefix(prefix) for item in found)


def versions(place, name="survival"):
    """The versions that the bucket has anything of."""
    return sorted({key.partition("-")[0] for key in objects(place, name)})
