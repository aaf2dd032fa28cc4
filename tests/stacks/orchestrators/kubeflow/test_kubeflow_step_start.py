"""What a step's process has imported when the step begins, by our command and by ZenML's."""

from __future__ import annotations

import pytest
from zenml.entrypoints import StepEntrypointConfiguration

from stacks.orchestrators.kubeflow import spec

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def modules(submitter):
    run = submitter.pipelines.started.with_options(enable_cache=False)()
    (output,) = run.steps["imported"].outputs["modules"]
    return set(output.load())


def of_integrations(found):
    return {name.split(".")[2] for name in found if name.startswith("zenml.integrations.") and "materializers" in name}


def test_a_step_begins_without_what_it_does_not_need(submitter):
    found = modules(submitter)

    assert "small" in found
    assert not {"torch", "sklearn", "mlflow", "kfp", "kubernetes"} & found
    assert not of_integrations(found)


def test_with_zenmls_own_command_it_has_torch_and_every_integration(submitter, monkeypatch):
    monkeypatch.setattr(spec, "STEP_COMMAND", StepEntrypointConfiguration.get_entrypoint_command())

    found = modules(submitter)

    assert {"torch", "sklearn"} <= found
    assert {"pytorch", "sklearn"} <= of_integrations(found)
