"""What the last task of a run puts right, in a process of its own, although nobody waits for the run any more."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from zenml.client import Client
from zenml.enums import ModelStages

from rehearsal import storage
from stacks.orchestrators.kubeflow import cleanup, waiting
from stacks.orchestrators.kubeflow.half_written import remove_half_written
from stacks.orchestrators.kubeflow.reconcile import SILENT
from stacks.orchestrators.kubeflow.states import ended

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.thorough]


@pytest.fixture
def alone(submitter, monkeypatch):
    """Submits a pipeline and is gone; ZenML's entry of the run, when it has ended in KFP."""
    monkeypatch.setattr(waiting, "wait", lambda *whatever: None)
    # ZenML would settle it, too.
    monkeypatch.setattr("zenml.orchestrators.base_orchestrator.BaseOrchestrator.fetch_status", lambda *_: (None, None))

    def submitted(pipeline, steps=None, meanwhile=None, **arguments):
        run = pipeline.with_options(enable_cache=False, steps=steps or {})(**arguments)
        if meanwhile:
            meanwhile()
        end = time.monotonic() + 120
        while not ended(submitter.api().get_run(run.orchestrator_run_id)):
            assert time.monotonic() < end, "the run does not end"
            time.sleep(0.2)
        return Client().get_pipeline_run(run.id)

    return submitted


@pytest.fixture
def bucket(servers):
    """What is in the bucket of the artifacts below a prefix: objects, and pieces that were never put together."""
    s3, name = storage.client(servers), servers["S3_BUCKET_URI"].removeprefix("s3://")

    def found(prefix):
        objects = s3.list_objects_v2(Bucket=name, Prefix=prefix).get("Contents", [])
        uploads = s3.list_multipart_uploads(Bucket=name, Prefix=prefix).get("Uploads", [])
        return sorted(each["Key"] for each in [*objects, *uploads])

    found.put = lambda key: s3.put_object(Bucket=name, Key=key, Body=b"")
    return found


def test_what_a_killed_step_has_written_is_taken_away_and_nothing_else(submitter, alone, bucket):
    bucket.put("first/number/of-another-run/data.json")

    run = alone(submitter.pipelines.chain, one="write")

    assert bucket("first/") == ["first/number/of-another-run/data.json"]
    assert (run.status, run.steps["first"].status) == ("failed", "failed")
    assert run.steps["first"].exception_info.message.endswith(SILENT)


def test_so_is_that_of_the_first_attempt_of_a_step_that_went_well_then(submitter, alone, bucket, tmp_path):
    run = alone(submitter.pipelines.retried, marker=str(tmp_path / "tried"))

    assert (run.status, run.steps["stubborn"].status) == ("completed", "completed")
    (output,) = run.steps["stubborn"].outputs["tries"]
    assert bucket("stubborn/")
    assert all(key.startswith(output.uri.partition("//")[2].partition("/")[2]) for key in bucket("stubborn/"))


def test_a_step_whose_pod_did_not_get_as_far_as_zenml_is_recorded_as_failed(submitter, alone):
    run = alone(submitter.pipelines.chain, {"first": {"settings": {"orchestrator": {"step_timeout": 1}}}})

    assert run.status == "failed"
    assert {name: step.status.value for name, step in run.steps.items()} == {"first": "failed"}
    assert SILENT in run.steps["first"].exception_info.message


def test_a_run_that_was_cancelled_is_stopped_and_not_failed(submitter, alone):
    def cancel():
        api, runs = submitter.api(), Client().list_pipeline_runs(size=1, sort_by="desc:created")
        while not (run := runs.items[0]).steps or not run.orchestrator_run_id:
            time.sleep(0.2)
            runs = Client().list_pipeline_runs(size=1, sort_by="desc:created", hydrate=True)
        api.terminate(run.orchestrator_run_id)

    run = alone(submitter.pipelines.chain, meanwhile=cancel, one="sleep 60")

    assert (run.status, run.steps["first"].status) == ("stopped", "stopped")


def test_only_half_written_versions_of_this_run_are_deleted(client):
    model = client.create_model("registered").name

    def version(name, **facts):
        made = client.create_model_version(model, name)
        if facts:
            client.create_run_metadata(facts, resources=[resource(made)])
        return made

    version("before")
    time.sleep(1.1)
    run = SimpleNamespace(start_time=datetime.now(UTC).replace(tzinfo=None))
    time.sleep(1.1)
    version("whole", sha256="abc")
    client.update_model_version(model, version("in production").id, stage=ModelStages.PRODUCTION)
    version("half", candidate="trees")

    remove_half_written(run, model)

    assert {each.name for each in client.list_model_versions(model).items} == {"before", "whole", "in production"}


def resource(version):
    from zenml.enums import MetadataResourceTypes
    from zenml.models import RunMetadataResource

    return RunMetadataResource(id=version.id, type=MetadataResourceTypes.MODEL_VERSION)


def test_what_cannot_be_cleaned_does_not_keep_the_rest_from_it(submitter, monkeypatch):
    """The run is settled by then; each cleaning is by itself."""
    done = []
    monkeypatch.setenv("KFP_RUN_ID", "none-of-kfps")
    monkeypatch.setattr(cleanup, "remove_unfinished", lambda *_: 1 / 0)
    monkeypatch.setattr(cleanup, "remove_half_written", lambda run, model: done.append((run.status, model)))
    monkeypatch.setattr(cleanup, "_clean_serving", done.append)
    chain = submitter.pipelines.chain.with_options(enable_cache=False)
    chain.prepare()

    cleanup.reconcile(chain.create_snapshot(name="killed"))

    assert done == [("failed", "small"), "small"]
