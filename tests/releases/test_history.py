"""What the history says of recorded changes: which version when, since when, until when, and what may follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from switchyard.errors import InputError, SwitchyardError
from switchyard.releases.change import Change, unfinished, written
from switchyard.releases.history import aliases, at, current, periods, previous, taken_out
from switchyard.releases.moment import parse
from switchyard.releases.rules import check_reason, check_release, rollback_target
from switchyard.releases.version_facts import VersionFacts

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
REGISTERED = {number: VersionFacts(verdict="promoted", reason="all gates passed") for number in (1, 2, 3)}


def change(hour, version, action="training", *, died=False, **other):
    """One that began on the hour and took effect a minute later, unless its run died before."""
    asked = START + timedelta(hours=hour)
    moment = None if died else asked + timedelta(minutes=1)
    facts = {"use_case": "people", "version": version, "action": action, "reason": f"{action} of {version}"}
    by = {"name": "ada", "source": "zenml"}
    return Change(**facts, by=by, run=f"people-{hour}", stack="local", asked=asked, at=moment, **other)


def told(*changes):
    return [(each.change.version, each.since.hour, each.until and each.until.hour) for each in periods(changes)]


CHANGES = (
    change(0, 1),
    change(1, 2),
    change(2, 3, died=True),
    change(3, 1, "rollback"),
    change(4, None, "retire"),
    change(5, 3, "release"),
)


def test_a_period_ends_when_the_next_begins_and_one_that_never_answered_is_none():
    assert told(*CHANGES) == [(1, 10, 11), (2, 11, 13), (1, 13, 14), (None, 14, 15), (3, 15, None)]
    assert [each.replaced for each in periods(CHANGES)] == [None, 1, 2, 1, None]


def test_a_use_case_that_was_never_in_production_has_no_period():
    assert periods([]) == []
    assert periods([change(0, 1, died=True)]) == []


def test_the_order_in_which_they_are_read_does_not_matter():
    assert told(*reversed(CHANGES)) == told(*CHANGES)


def test_what_was_there_already_begins_no_period():
    assert told(change(0, 1), change(1, 1, "release"), change(2, 2)) == [(1, 10, 12), (2, 12, None)]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2026-11-22T10:00:59Z", "nothing"),
        ("2026-11-22T10:01Z", 1),  # the begin belongs to the period
        ("2026-11-22T11:00:59.999Z", 1),
        ("2026-11-22T11:01Z", 2),  # the end does not
        ("2026-11-22T12:30Z", 2),  # the run of version 3 had died
        ("2026-11-22T14:30+01:00", 1),
        ("2026-11-22T09:30-05:00", None),
        ("2027-01-01", 3),
    ],
)
def test_a_moment_lies_in_one_period(text, version):
    found = at(periods(CHANGES), parse(text))

    assert (found.change.version if found else "nothing") == version


def test_a_time_without_a_zone_is_this_machines_and_a_date_is_its_midnight():
    berlin = timezone(timedelta(hours=1))

    assert parse("2026-11-22T10:00", berlin) == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert parse("2026-11-22 10:00", berlin) == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert parse("2026-11-22", berlin) == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert parse("2026-11-22T10:00Z", berlin) == START
    assert parse("2026-11-22T10:00").utcoffset() == datetime(2026, 11, 22, 10).astimezone().utcoffset()


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-11-22T25:00Z", "", "22.11.2026"])
def test_what_is_no_time_is_said_with_how_to_write_one(text):
    with pytest.raises(InputError, match=r"--at .*2026-11-22T10:00Z"):
        parse(text)


def test_the_previous_champion_is_the_last_other_one_that_served():
    assert (current(CHANGES), previous(CHANGES)) == (3, 1)
    assert (current(CHANGES[:5]), previous(CHANGES[:5])) == (None, 1)  # retired
    assert (current(CHANGES[:3]), previous(CHANGES[:3])) == (2, 1)
    assert (current(()), previous(())) == (None, None)


def test_the_aliases_follow_and_the_challenger_is_the_newest_that_is_not_champion():
    assert aliases(CHANGES, [3, 2, 1]) == {"champion": 3, "challenger": 2, "previous": 1}
    assert aliases(CHANGES[:2], [3, 2, 1]) == {"champion": 2, "challenger": 3, "previous": 1}
    assert aliases(CHANGES[:5], [3, 2, 1]) == {"challenger": 3, "previous": 1}
    assert aliases(CHANGES[:1], [1]) == {"champion": 1}


def test_what_a_person_has_replaced_is_known_until_a_person_brings_it_back():
    rolled = (change(0, 1), change(1, 2), change(2, 1, "rollback"))

    assert taken_out(rolled, 2) == rolled[2]
    assert taken_out(rolled, 1) is None
    assert taken_out((*rolled, change(3, 3)), 2) == rolled[2]  # a better one since: 2 is still what was rolled back
    assert taken_out((*rolled, change(3, 2, "release")), 2) is None
    assert taken_out((*rolled, change(3, 2, "release"), change(4, 3)), 2) is None  # lost to a better one
    assert taken_out((change(0, 1), change(1, None, "retire")), 1) is None


def test_only_the_last_change_can_be_unsettled_and_none_that_failed():
    died = change(2, 3, died=True)

    assert unfinished(CHANGES[:3]) == died
    assert unfinished(CHANGES) is None
    assert unfinished((*CHANGES[:2], died.model_copy(update={"failed": True}))) is None


def test_a_change_is_read_as_it_was_recorded():
    asked = change(0, 1, died=True)
    took = asked.model_copy(update={"at": START, "found_by": "people-9", "finished": True})

    assert Change.read(asked.record(), None, {}) == asked
    assert Change.read(asked.record(), written(START), {"found_by": "people-9", "finished": True}) == took
    with pytest.raises(SwitchyardError, match=r"shade: .*another version of this project wrote it"):
        Change.read({**asked.record(), "shade": "green"}, None, {})
    with pytest.raises(SwitchyardError, match=r"a recorded release cannot be read .action: "):
        Change.read({**asked.record(), "action": "paint"}, None, {})
    with pytest.raises(SwitchyardError, match=r"format: .*another version of this project wrote it"):
        Change.read({**asked.record(), "format": 2}, None, {})


def test_a_rollback_goes_to_what_was_in_production_only():
    assert rollback_target("people", None, CHANGES, REGISTERED) == 1
    assert rollback_target("people", 2, CHANGES, REGISTERED) == 2
    with pytest.raises(InputError, match="version 1 is its first champion"):
        rollback_target("people", None, CHANGES[:1], REGISTERED)
    with pytest.raises(InputError, match="no version was ever in production"):
        rollback_target("people", None, (), REGISTERED)
    with pytest.raises(InputError, match="version 3 was never in production"):
        rollback_target("people", 3, CHANGES[:4], REGISTERED)
    with pytest.raises(InputError, match="people has no version 7; registered: 1 to 3"):
        rollback_target("people", 7, CHANGES, REGISTERED)


def test_after_a_run_that_died_unsettled_a_rollback_wants_the_version_named():
    with pytest.raises(InputError, match=r"run people-2 .* put version 3 .* --version \(version 2 was in production"):
        rollback_target("people", None, CHANGES[:3], REGISTERED)

    assert rollback_target("people", 1, CHANGES[:3], REGISTERED) == 1


def test_a_refused_version_is_released_by_force_only():
    refused = {**REGISTERED, 4: VersionFacts(verdict="refused", reason="gate roc_auc failed"), 5: VersionFacts()}

    check_release("people", 3, refused, force=False)
    check_release("people", 4, refused, force=True)
    with pytest.raises(InputError, match=r"version 4 was refused \(gate roc_auc failed\); --force"):
        check_release("people", 4, refused, force=False)
    with pytest.raises(InputError, match="version 5 was never judged"):
        check_release("people", 5, refused, force=False)
    with pytest.raises(InputError, match="has no version 6; registered: 1 to 5"):
        check_release("people", 6, refused, force=True)
    with pytest.raises(InputError, match="has no version 1; none is registered yet"):
        check_release("people", 1, {}, force=False)


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_a_reason_is_asked_for(reason):
    with pytest.raises(InputError, match="rollback: give a reason with --reason"):
        check_reason(reason, "rollback")


def test_a_reason_is_one_line():
    assert check_reason(" too hot,\n  too fast ", "release") == "too hot, too fast"
