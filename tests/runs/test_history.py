"""What a person reads of the history, narrow and wide."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from runs.history import print_history
from switchyard.releases.told import ToldHistory

ORIGIN = {"candidate": "forest", "sha256": "ab" * 32, "trained_by": "people-1"}
DATA = {"uri": "data/people.csv", "fingerprint": "0123456789abcdef0123"}
FIRST = {
    "version": 1,
    "since": "2026-11-22T10:00:00.000Z",
    "until": "2026-11-22T11:00:00.000Z",
    "approximate": False,
    "action": "training",
    "reason": "promoted: [all] gates passed",
    "by": {"name": "ops", "source": "zenml"},
    "replaced": None,
    "run": "people-1",
    "stack": "local",
    "found_by": None,
    **ORIGIN,
    "data": DATA,
    "code": {"commit": "c0ffee" * 6 + "c0ff", "dirty": True, "sha256": "cd" * 32},
}
SECOND = {
    **FIRST,
    "version": 2,
    "since": FIRST["until"],
    "until": "2026-11-22T12:00:00.000Z",
    "approximate": True,
    "action": "release",
    "reason": "asked for",
    "replaced": 1,
    "run": "people-release-2",
    "found_by": "people-3",
    "code": None,
}
RETIRED = {**SECOND, "version": None, "since": SECOND["until"], "until": None, "action": "retire", "replaced": 2}
RETIRED |= {"approximate": False, "found_by": None, "run": "people-retire-3", "reason": "gone"}


def printed(moment, found, now, width=140):
    console = Console(file=io.StringIO(), width=width)
    told = {"use_case": "people", "at": moment, "in_production": now, "changes": found}
    print_history(console, ToldHistory.from_json(told))
    return console.file.getvalue()


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_has_every_period_in_local_time(width):
    text = printed(None, [FIRST, SECOND, RETIRED], None, width)
    words = " ".join(text.replace("│", " ").split())

    assert max(map(len, text.splitlines())) <= width
    for part in ("11:00:00", "12:00:00", "13:00:00", "retired", "now", "ops", "[all] gates", "asked for", "unknown"):
        assert part in words, part
    assert "10:00:00" not in words  # which is UTC
    assert "c0ffeec0ff+" in words  # with changes that were not committed


def test_a_moment_is_told_in_full():
    text = printed("2026-11-22T11:30:00.000Z", [SECOND], SECOND)

    assert "At 2026-11-22 12:30:00 CET people version 2 was in production." in text
    assert "about (its run crashed, people-3 found it) 2026-11-22 12:00:00" in " ".join(text.split())
    for part in ("ops, release, run people-release-2", DATA["fingerprint"], ORIGIN["sha256"], "candidate forest"):
        assert part in text


def test_a_moment_without_a_version_says_why():
    before = printed("2026-11-22T09:00:00.000Z", [], None)
    after = printed("2026-11-22T12:30:00.000Z", [RETIRED], None)

    assert "no version of people was in production; nothing had been released yet" in before
    assert "no version of people was in production; run people-retire-3 had retired it: gone" in " ".join(after.split())


def test_a_use_case_that_never_was_in_production():
    assert printed(None, [], None) == "No version of people was ever in production.\n"
