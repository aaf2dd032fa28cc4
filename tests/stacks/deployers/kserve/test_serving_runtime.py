"""`python run.py runtime`: what it prints, and what it says when it cannot."""

from __future__ import annotations

import pytest
import yaml

from commands import parser_of
from stacks.deployers.kserve.serving_runtime import serving_runtime
from switchyard.errors import InputError, SwitchyardError


@pytest.fixture
def run(monkeypatch, capsys):
    """A function that gives the command these options and variables, and returns what it prints."""

    def command(*options, **variables):
        for name in ("KFP_NAMESPACE", "REGISTRY", "SWITCHYARD_IMAGE"):
            monkeypatch.setenv(name, variables.get(name, ""))
        arguments = parser_of("runtime").parse_args(options)
        arguments.call(arguments)
        return capsys.readouterr().out

    return command


def test_it_prints_a_runtime_that_only_who_names_it_gets_without_root_and_with_health_checks(run):
    found = yaml.safe_load(run(KFP_NAMESPACE="fraud", REGISTRY="127.0.0.1:9", SWITCHYARD_IMAGE="registry/own:1"))

    assert (found["apiVersion"], found["kind"]) == ("serving.kserve.io/v1alpha1", "ServingRuntime")
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == ("switchyard", "fraud")
    assert found["spec"]["supportedModelFormats"] == [{"name": "onnx", "version": "1", "autoSelect": False}]
    assert found["spec"]["protocolVersions"] == ["v2"]
    (container,) = found["spec"]["containers"]
    assert (container["name"], container["image"]) == ("kserve-container", "registry/own:1")
    assert container["readinessProbe"]["httpGet"] == {"path": "/v2/health/ready", "port": 8080}
    assert container["livenessProbe"]["httpGet"] == {"path": "/v2/health/live", "port": 8080}
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"REGISTRY": "127.0.0.1:9"}, "no namespace; set KFP_NAMESPACE in .env, or give --namespace NAME"),
        ({"KFP_NAMESPACE": "ml"}, "no registry; set REGISTRY in .env, or give --registry HOST/FOLDER"),
    ],
)
def test_what_is_missing_is_named(run, variables, told):
    with pytest.raises(InputError) as refused:
        run(**variables)
    assert str(refused.value) == f"python run.py runtime: {told}"


def test_a_registry_that_is_given_has_the_word_and_must_answer(run):
    with pytest.raises(SwitchyardError, match=r"127\.0\.0\.1:9"):
        run("--namespace", "ml", "--registry", "127.0.0.1:9/team", SWITCHYARD_IMAGE="registry/own:1")


def test_a_name_that_looks_like_a_placeholder_or_a_number_stays_as_it_is():
    found = yaml.safe_load(serving_runtime("2026", "registry/$image:1"))
    assert (found["metadata"]["namespace"], found["spec"]["containers"][0]["image"]) == ("2026", "registry/$image:1")
