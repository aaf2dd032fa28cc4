"""Recurring runs: schedules as Kubeflow reads them, and runs that they really start."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from kfp_server_api import ApiException

from rehearsal.kfp import clock
from rehearsal.kfp.cron import Cron
from rehearsal.kfp.scheduler import _due
from tests.rehearsal.kfp.pipelines import ENDED, compiled, ended, shell, wait_for

START = datetime(2026, 11, 22, 12, 30, 15, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("0 0 3 * * *", ["2026-11-23T03:00:00Z", "2026-11-24T03:00:00Z"]),
        ("*/20 * * * * *", ["2026-11-22T12:30:20Z", "2026-11-22T12:30:40Z", "2026-11-22T12:31:00Z"]),
        ("0 0 9 ? * 1-5", ["2026-11-23T09:00:00Z"]),
        ("0 30 8 * * MON,wed", ["2026-11-23T08:30:00Z", "2026-11-25T08:30:00Z", "2026-11-30T08:30:00Z"]),
        ("0 0 0 29 2 ?", ["2028-02-29T00:00:00Z"]),
        ("0 0 0 1 * 1", ["2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"]),
        ("@hourly", ["2026-11-22T13:00:00Z"]),
        ("@every 90s", ["2026-11-22T12:31:45Z"]),
        # Five fields are the first five of six, and so mean something else than the user does.
        ("0 3 * * *", ["2026-11-22T13:03:00Z", "2026-11-22T14:03:00Z"]),
    ],
)
def test_a_schedule_means_what_it_means_to_kubeflow(text, following):
    moment, found = START, []
    for _ in following:
        moment = Cron(text).after(moment)
        found.append(clock.timestamp(moment))

    assert found == following


@pytest.mark.parametrize("text", ["", "0 0 3 * *  * 2026", "0 0 24 * * *", "0 0 3 * * 7", "x 0 3 * * *", "@noon"])
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ValueError):
        Cron(text)


def recurring(no_catchup, **schedule):
    return {
        "trigger": {"cron_schedule": {"cron": "0 0 * * * *", **schedule}},
        "created_at": clock.timestamp(START),
        "_last": None,
        "no_catchup": no_catchup,
    }


@pytest.mark.parametrize(("no_catchup", "due"), [(False, "2026-11-22T13:00:00Z"), (True, "2026-11-22T17:00:00Z")])
def test_what_was_missed_is_caught_up_unless_it_is_not_wanted(no_catchup, due):
    now = START + timedelta(hours=5)

    assert clock.timestamp(_due(recurring(no_catchup), now)) == due
    assert _due(recurring(no_catchup), START + timedelta(minutes=10)) is None
    assert _due(recurring(no_catchup, start_time="2026-11-22T20:00:00Z"), now) is None
    assert _due(recurring(no_catchup, end_time="2026-11-22T12:45:00Z"), now) is None


@pytest.fixture
def schedule(kfp_client, tmp_path):
    """Creates recurring runs, and deletes them in the end."""
    made = []

    def create(function, **options):
        experiment = kfp_client.create_experiment("scheduled").experiment_id
        options = {"cron_expression": "* * * * * *", "no_catchup": True, "enable_caching": False} | options
        package = str(compiled(function, tmp_path))
        found = kfp_client.create_recurring_run(
            experiment, options.pop("name", "job"), pipeline_package_path=package, **options
        )
        made.append(found.recurring_run_id)
        return found.recurring_run_id

    yield create
    for identifier in made:
        kfp_client.delete_recurring_run(identifier)


def runs_of(client, identifier):
    experiment = client.get_experiment(experiment_name="scheduled").experiment_id
    return [
        run
        for run in client.list_runs(experiment_id=experiment, page_size=100).runs or []
        if run.recurring_run_id == identifier
    ]


def test_a_schedule_starts_runs_until_it_is_paused(kfp_client, schedule, tmp_path):
    def pipeline(folder: str = ""):
        shell(script=f"echo x >> {folder}/ran")

    identifier = schedule(pipeline, params={"folder": str(tmp_path)})
    found = wait_for(lambda: runs_of(kfp_client, identifier), lambda runs: len(runs) >= 2)
    kfp_client.disable_recurring_run(identifier)
    for run in runs_of(kfp_client, identifier):
        assert ended(kfp_client, run.run_id).state == "SUCCEEDED"
    before = len(runs_of(kfp_client, identifier))
    threading.Event().wait(1.6)  # in which an enabled one would have started one or two more

    assert len(runs_of(kfp_client, identifier)) == before == (tmp_path / "ran").read_text().count("x")
    assert found[0].scheduled_at != found[1].scheduled_at and found[0].display_name != found[1].display_name
    shown = kfp_client.get_recurring_run(identifier)
    assert (shown.status, shown.mode, shown.max_concurrency) == ("DISABLED", "DISABLE", "1")
    kfp_client.enable_recurring_run(identifier)
    wait_for(lambda: runs_of(kfp_client, identifier), lambda runs: len(runs) > before)


def test_no_more_runs_go_on_at_a_time_than_allowed(kfp_client, schedule, tmp_path):
    def pipeline():
        shell(script=f"until [ -e {tmp_path}/go ]; do sleep 0.1; done")

    identifier = schedule(pipeline, max_concurrency=1)
    wait_for(lambda: runs_of(kfp_client, identifier), bool)
    threading.Event().wait(1.6)

    assert [run.state in ENDED for run in runs_of(kfp_client, identifier)] == [False]
    (tmp_path / "go").touch()
    wait_for(lambda: runs_of(kfp_client, identifier), lambda runs: len(runs) > 1)


def test_recurring_runs_are_listed_and_found_by_name(kfp_client, schedule):
    def pipeline():
        shell(script="exit 0")

    identifiers = [schedule(pipeline, name=name, enabled=False) for name in ("nightly", "weekly")]
    wanted = json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "stringValue": "weekly"}]})
    experiment = kfp_client.get_experiment(experiment_name="scheduled").experiment_id
    found = kfp_client.list_recurring_runs(experiment_id=experiment, filter=wanted).recurring_runs

    assert [each.recurring_run_id for each in found] == identifiers[1:]
    assert found[0].status == "DISABLED" and runs_of(kfp_client, identifiers[0]) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"cron_expression": "every day"}, "Schedule cron is not a supported format"),
        ({"max_concurrency": 11}, "Max concurrency"),
        ({"cron_expression": None, "interval_second": 0.5}, "invalid period schedule interval"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(schedule, options, reason):
    def pipeline():
        shell(script="exit 0")

    with pytest.raises(ApiException) as refused:
        schedule(pipeline, **options)

    assert refused.value.status == 400 and reason in json.loads(refused.value.body)["message"]
