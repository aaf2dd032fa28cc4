"""Whole runs, each task a process: how they end is what the submitter, ZenML and KFP are told."""

from __future__ import annotations

import logging

import pytest
from zenml.client import Client
from zenml.enums import ExecutionMode, ExecutionStatus

from stacks.orchestrators.kubeflow.reconcile import SILENT
from switchyard.errors import SwitchyardError

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def submit(pipeline, **arguments):
    return pipeline.with_options(execution_mode=ExecutionMode.FAIL_FAST, enable_cache=False)(**arguments)


def newest():
    return Client().list_pipeline_runs(size=1, sort_by="desc:created", hydrate=True).items[0]


def statuses(run):
    return {name: step.status.value for name, step in run.steps.items()}


def test_a_run_goes_to_its_end(submitter, caplog):
    caplog.set_level(logging.INFO, "stacks.orchestrators.kubeflow")

    run = submit(submitter.pipelines.chain)

    assert run.status == ExecutionStatus.COMPLETED
    assert statuses(run) == {"first": "completed", "second": "completed"}
    told = [record.getMessage() for record in caplog.records if record.name == "stacks.orchestrators.kubeflow.progress"]
    assert [each.split(" in ")[0].rstrip(".") for each in told] == [
        "Step `first` has started",
        "Step `first` has finished",
        "Step `second` has started",
        "Step `second` has finished",
    ]
    api = submitter.api()
    in_kfp = api.get_run(run.orchestrator_run_id)
    assert in_kfp.state == "SUCCEEDED"
    assert in_kfp.experiment_id == api.experiment("small", None)  # named for the use case, not the default one
    assert in_kfp.pipeline_version_reference.pipeline_id == api.pipeline("small", None)
    metadata = run.run_metadata
    assert metadata["orchestrator_run_id"] == run.orchestrator_run_id
    assert metadata["orchestrator_url"] == f"{submitter.url}/#/runs/details/{run.orchestrator_run_id}"


def test_a_steps_own_error_is_left_to_the_caller(submitter):
    run = submit(submitter.pipelines.chain, one="raise")

    assert run.status == ExecutionStatus.FAILED
    assert statuses(run) == {"first": "failed"}
    info = run.steps["first"].exception_info
    assert info.source == "switchyard.errors.GateError"
    assert info.message == "accuracy is 0.1, at least 0.5 was asked for"


def test_a_step_that_was_killed_is_named_with_the_last_lines_of_its_log(submitter):
    with pytest.raises(SwitchyardError) as caught:
        submit(submitter.pipelines.chain, one="register")

    assert f"step first {SILENT}" in str(caught.value)
    run = newest()
    assert run.status == ExecutionStatus.FAILED
    assert statuses(run) == {"first": "failed"}
    assert SILENT in run.steps["first"].exception_info.message  # said by the last task, in a pod of its own
    assert not Client().list_model_versions("small").items  # the half-written one is gone


def test_a_killed_pod_is_tried_again_and_both_attempts_are_on_record(submitter, tmp_path):
    run = submit(submitter.pipelines.retried, marker=str(tmp_path / "tried"))

    assert run.status == ExecutionStatus.COMPLETED
    attempts = Client().list_run_steps(pipeline_run_id=run.id, exclude_retried=False, sort_by="asc:version").items
    assert [(each.version, each.status.value) for each in attempts] == [(1, "retried"), (2, "completed")]


def test_the_first_failure_ends_what_still_runs(submitter):
    run = submit(submitter.pipelines.side_by_side, one="raise", seconds=120.0)

    assert run.status == ExecutionStatus.FAILED
    assert statuses(run) == {"first": "failed", "patient": "stopped"}
    assert (run.end_time - run.start_time).total_seconds() < 110


def test_no_secret_is_in_what_kfp_keeps(submitter):
    kept = (submitter.state / "kfp.sqlite").read_bytes() + (submitter.state / "kfp.sqlite-wal").read_bytes()
    assert b"ZENML_STORE_URL" in kept
    assert submitter.key.encode() not in kept
    assert b"API_TOKEN" not in kept
