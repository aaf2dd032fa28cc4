"""Schedules: one recurring run of each name, in KFP and in ZenML, whatever happens on the way."""

from __future__ import annotations

import pytest
from zenml.client import Client
from zenml.config.schedule import Schedule

from stacks.orchestrators.kubeflow import schedules
from switchyard.errors import InputError, SwitchyardError

pytestmark = pytest.mark.integration


def put(instant, cron, name="small"):
    wired = instant.pipelines.chain.with_options(
        run_name="small-{date}-{time}", schedule=Schedule(name=name, cron_expression=cron)
    )
    with schedules.replacing(name):
        wired()


def in_kfp(instant):
    return {each.display_name: each for each in instant.api().schedules(None, None)}


@pytest.fixture(autouse=True)
def none_left(instant):
    yield
    for state in schedules.list_schedules():
        schedules.remove_schedule(state.name)
    assert instant.api().schedules(None, None) == []


def test_a_schedule_reaches_kfp_with_six_fields_in_the_use_cases_experiment(instant):
    put(instant, "0 6 * * 1-5")

    recurring = in_kfp(instant)["small"]
    assert recurring.trigger.cron_schedule.cron == "0 0 6 * * 1-5"
    assert recurring.experiment_id == instant.api().experiment("small", None)
    assert recurring.pipeline_version_reference.pipeline_id == instant.api().pipeline("small", None)
    assert str(recurring.status or recurring.mode).startswith("ENABLE")
    (state,) = schedules.list_schedules()
    assert (state.name, state.cron, state.active, state.note) == ("small", "0 6 * * 1-5", True, "")


def test_a_new_schedule_takes_the_place_of_the_old_one(instant):
    put(instant, "0 6 * * *")
    old = in_kfp(instant)["small"].recurring_run_id
    put(instant, "0 7 * * *")

    assert len(instant.api().schedules(None, None)) == 1
    assert in_kfp(instant)["small"].recurring_run_id != old
    assert [state.cron for state in schedules.list_schedules()] == ["0 7 * * *"]
    assert Client().list_schedules(name="small").total == 1


@pytest.mark.parametrize("cron", ["0 25 * * *", "0 0 6 * * *"])
def test_a_schedule_that_cannot_be_made_leaves_the_old_one(instant, cron):
    put(instant, "0 6 * * *")
    old = in_kfp(instant)["small"].recurring_run_id

    with pytest.raises(InputError, match="the schedule"):
        put(instant, cron)

    assert in_kfp(instant)["small"].recurring_run_id == old
    assert [(state.name, state.cron) for state in schedules.list_schedules()] == [("small", "0 6 * * *")]


def test_what_a_process_that_was_killed_in_between_has_left_goes_with_the_next(instant):
    put(instant, "0 6 * * *")
    with pytest.raises(KeyboardInterrupt), schedules.replacing("small"):
        # As if the process had ended right here: nobody gives the name back.
        left = Client().list_schedules().items[0]
        raise KeyboardInterrupt
    schedules._rename(left, f"small-replaced-{str(left.id)[:8]}")

    put(instant, "0 8 * * *")

    assert [(state.name, state.cron) for state in schedules.list_schedules()] == [("small", "0 8 * * *")]
    assert len(instant.api().schedules(None, None)) == 1


def test_two_use_cases_have_a_schedule_each(instant):
    put(instant, "0 6 * * *")
    put(instant, "0 7 * * *", name="other")

    assert [state.name for state in schedules.list_schedules()] == ["other", "small"]


def test_it_is_paused_and_resumed_in_both(instant):
    put(instant, "0 6 * * *")

    schedules.pause_schedule("small")
    assert [state.active for state in schedules.list_schedules()] == [False]
    assert not Client().get_schedule("small").active

    schedules.resume_schedule("small")
    assert [state.active for state in schedules.list_schedules()] == [True]
    assert Client().get_schedule("small").active


def test_it_is_deleted_in_both(instant):
    put(instant, "0 6 * * *")
    schedules.remove_schedule("small")

    assert instant.api().schedules(None, None) == []
    assert Client().list_schedules().total == 0


def test_zenmls_own_update_of_the_expression_reaches_kfp(instant):
    put(instant, "0 6 * * *")
    Client().update_schedule("small", cron_expression="30 6 * * *")

    assert in_kfp(instant)["small"].trigger.cron_schedule.cron == "0 30 6 * * *"
    assert len(instant.api().schedules(None, None)) == 1


def test_one_that_is_gone_in_kfp_is_shown_and_can_be_deleted(instant):
    put(instant, "0 6 * * *")
    instant.api().delete_schedule(in_kfp(instant)["small"].recurring_run_id)

    (state,) = schedules.list_schedules()
    assert not state.active
    assert "gone in Kubeflow Pipelines" in state.note
    with pytest.raises(SwitchyardError, match="has no recurring run"):
        schedules.pause_schedule("small")


def test_one_that_zenml_has_lost_is_shown_and_can_be_deleted(instant):
    put(instant, "0 6 * * *")
    Client().zen_store.delete_schedule(Client().get_schedule("small").id, soft=False)

    (state,) = schedules.list_schedules()
    assert (state.name, state.note) == ("small", "unknown to this ZenML: delete it")


def test_an_unknown_one_is_named_with_those_there_are(instant):
    put(instant, "0 6 * * *")

    with pytest.raises(InputError, match="there is no schedule smal; there are: small"):
        schedules.remove_schedule("smal")


def test_with_kfp_out_of_reach_nothing_changes(instant, settings):
    put(instant, "0 6 * * *")
    settings(url="http://127.0.0.1:9")
    for act in (schedules.pause_schedule, schedules.remove_schedule):
        with pytest.raises(SwitchyardError, match="cannot be reached"):
            act("small")
    settings(url=instant.url)

    assert [(state.name, state.active) for state in schedules.list_schedules()] == [("small", True)]


def test_a_stack_without_schedules_says_so(client, instant):
    parts = client.active_stack_model.name
    client.activate_stack("default")
    try:
        with pytest.raises(InputError, match="stack default has no schedules: its orchestrator is local"):
            schedules.list_schedules()
    finally:
        client.activate_stack(parts)
