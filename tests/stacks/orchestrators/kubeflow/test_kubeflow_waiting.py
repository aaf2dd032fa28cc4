"""How a run that no pod can report on ends for the submitter and in ZenML; no task of these runs does anything."""

from __future__ import annotations

import threading
import time

import pytest
from zenml.client import Client

from rehearsal.kfp.task import Outcome
from stacks.orchestrators.kubeflow import waiting
from switchyard.errors import SwitchyardError

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def told(tasks, monkeypatch):
    """Each test tells the tasks how to end."""
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0.2)
    tasks.endings, tasks.blocked, tasks.seen = {}, set(), []
    yield
    tasks.blocked = set()


def newest():
    return Client().list_pipeline_runs(size=1, sort_by="desc:created", hydrate=True).items[0]


def statuses(run):
    return {name: step.status.value for name, step in run.steps.items()}


def test_a_pod_that_dies_before_zenml_starts_is_a_failed_step(instant, tasks):
    tasks.endings["first"] = Outcome("Failed", "OOMKilled (exit code 137)")

    with pytest.raises(SwitchyardError, match="step first ended without telling ZenML how"):
        instant.pipelines.chain()

    run = newest()
    assert (run.status, statuses(run)) == ("failed", {"first": "failed"})
    assert "step first" in run.get_body().status_reason


def test_a_retried_step_that_never_gets_to_zenml_ends_as_failed(instant, tasks):
    """ZenML calls a failed step with attempts left `retrying`, for ever if no pod comes."""
    tasks.endings["stubborn"] = Outcome("Failed", "OOMKilled (exit code 137)")

    with pytest.raises(SwitchyardError, match="step stubborn"):
        instant.pipelines.retried(marker="")

    run = newest()
    assert (run.status, statuses(run)) == ("failed", {"stubborn": "failed"})
    assert len([each for each in tasks.seen if "--step_name" in each.container.get("args", [])]) == 2


def test_zenmls_own_stop_ends_the_run_in_kfp(instant, tasks):
    from zenml.utils.run_utils import stop_run

    tasks.blocked.add("first")
    in_kfp(instant, lambda api, run: stop_run(newest()))

    with pytest.raises(SwitchyardError, match=r"run .* was cancelled"):
        instant.pipelines.chain()

    run = newest()
    assert run.status == "stopped"
    assert run.get_body().status_reason == "Manual stop requested."


def test_zenmls_refresh_asks_kfp(instant, tasks, settings):
    """As after an interrupted wait: the run has ended meanwhile, and ZenML does not know."""
    from zenml.utils.run_utils import refresh_run_status

    settings(timeout=1)
    tasks.blocked.add("first")
    orchestrator = Client().active_stack.orchestrator
    fetched = []
    in_kfp(instant, lambda api, run: fetched.append(orchestrator.fetch_status(newest())[0]))
    with pytest.raises(SwitchyardError):
        instant.pipelines.chain()

    assert [status.value for status in fetched] == ["running"]
    assert refresh_run_status(newest(), include_step_updates=True).status == "failed"


def test_a_run_that_somebody_deletes_is_failed(instant, tasks):
    tasks.blocked.add("first")
    in_kfp(instant, lambda api, run: api._runs.run_service_delete_run(run))

    with pytest.raises(SwitchyardError, match=r"was deleted in Kubeflow Pipelines"):
        instant.pipelines.chain()

    assert newest().status == "failed"


def test_the_wait_outlives_a_short_outage_of_kfp(instant, tasks, outage):
    tasks.endings["first"] = Outcome("Failed", "Error (exit code 1)")
    outage(seconds=1.5)

    with pytest.raises(SwitchyardError, match="step first ended without telling ZenML how"):
        instant.pipelines.chain()


def test_the_wait_ends_when_kfp_stays_away_and_says_how_to_go_on(instant, tasks, outage):
    tasks.blocked.add("first")
    outage(seconds=60)

    with pytest.raises(SwitchyardError) as caught:
        instant.pipelines.chain()

    assert "cannot" in str(caught.value)
    assert "tried for 4 s, and the run may go on: zenml pipeline runs refresh" in str(caught.value)
    assert not newest().status.is_finished


@pytest.fixture
def outage(monkeypatch):
    """KFP's API is out of reach for a while, from the first time that a run is asked for."""
    from stacks.orchestrators.kubeflow.api import KfpApi

    until: list[float] = []

    def begin(seconds: float) -> None:
        asked = KfpApi.get_run

        def get_run(self, run):
            until[:] = until or [time.monotonic() + seconds]
            if time.monotonic() < until[0]:
                self._client.configuration.host = "http://127.0.0.1:9"
            else:
                self._client.configuration.host = self.url
            return asked(self, run)

        monkeypatch.setattr(KfpApi, "get_run", get_run)

    return begin


def in_kfp(instant, act):
    """Does something to the newest run as soon as it is there."""
    before = {str(run.id) for run in Client().list_pipeline_runs(size=100).items}

    def wait_and_act():
        api = instant.api()
        for _ in range(300):
            run = newest()
            if str(run.id) in before or not run.orchestrator_run_id:
                pass
            elif api.get_run(run.orchestrator_run_id).state == "RUNNING":
                return act(api, run.orchestrator_run_id)
            time.sleep(0.1)
        return None

    threading.Thread(target=wait_and_act, daemon=True).start()
