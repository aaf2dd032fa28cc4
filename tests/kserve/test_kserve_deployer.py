"""The deployer of the cluster: a real API server, moto's S3, KServe's part played by controller.py."""

from __future__ import annotations

import hashlib

import polars as pl

from stacks.flavors.kserve_deployer import KServeDeployer
from switchyard.config import Deployment
from switchyard.models.onnx_model import OnnxModel
from switchyard.serving import client
from switchyard.serving.deployer import Deployer
from switchyard.serving.golden import golden_rows
from tests.serving.conftest import CARD, survival_graph

ROWS = pl.DataFrame({"sex": ["female", "male", None], "age": [20.0, None, 60.0]})


def model(bias=0.0):
    content = survival_graph(bias)
    return OnnxModel(content, {**CARD, "sha256": hashlib.sha256(content).hexdigest()})


def roll_out(deployer, name="survival", version=1, bias=0.0, **deployment):
    chosen = model(bias)
    return deployer.roll_out(name, version, chosen, golden_rows(chosen, ROWS), Deployment(**deployment))


def answering(endpoint):
    return client.infer(endpoint.url, endpoint.name, None, endpoint.request)["model_version"]


def test_it_is_what_the_deploy_step_asks_for(component):
    assert isinstance(component, KServeDeployer)
    assert isinstance(component, Deployer)


def test_a_version_answers(deployer):
    endpoint = roll_out(deployer)
    assert answering(endpoint) == "1"


def test_the_next_version_takes_over(deployer):
    first = roll_out(deployer)
    second = roll_out(deployer, version=2, bias=1.0)
    assert second.url == first.url
    assert answering(second) == "2"
