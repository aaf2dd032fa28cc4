"""The checks run side by side, end in time, and show no secret."""

from __future__ import annotations

import threading

import pytest

from stacks.doctor.examine import Check, run_checks
from stacks.doctor.finding import failed, ok, skipped
from switchyard.errors import SwitchyardError
from tests.stacks.doctor.conftest import target


def found(*checks, **options):
    return [
        (each.check, each.finding.state, each.finding.seen, each.finding.advice)
        for each in run_checks(checks, target(), **options)
    ]


def refuse(_):
    raise SwitchyardError("it is shut; open it; or not")


def broken(_):
    raise RuntimeError("boom")


def test_what_was_found_is_told_in_the_order_of_the_list():
    checks = [
        Check("good", lambda _: ok("fine")),
        Check("bad", lambda _: failed("shut", "open it")),
        Check("unseen", lambda _: skipped("no right to look")),
        Check("of another stack", lambda _: None),
        Check("refused", refuse),
        Check("broken", broken),
    ]

    assert found(*checks) == [
        ("good", "ok", "fine", ""),
        ("bad", "failed", "shut", "open it"),
        ("unseen", "skipped", "no right to look", ""),
        ("refused", "failed", "it is shut; open it", "or not"),
        ("broken", "failed", "RuntimeError: boom", "--debug shows where"),
    ]


def test_a_check_that_hangs_fails_and_holds_nobody_up():
    forever = threading.Event()
    checks = [Check("hangs", lambda _: ok(str(forever.wait(60))), seconds=0.2), Check("good", lambda _: ok("fine"))]

    told = found(*checks)
    forever.set()

    assert [each[:2] for each in told] == [("hangs", "failed"), ("good", "ok")]
    assert "no answer within 0.2 s" in told[0][2]


def test_checks_run_side_by_side():
    both = threading.Barrier(2, timeout=10)
    checks = [Check(name, lambda _: ok(f"{both.wait() >= 0}")) for name in ("one", "two")]

    assert [each[1] for each in found(*checks)] == ["ok", "ok"]


@pytest.mark.parametrize(("state", "expected"), [(failed("shut", ""), "skipped"), (ok("open"), "failed")])
def test_what_needs_something_that_failed_is_not_blamed(state, expected):
    told = found(Check("door", lambda _: state), Check("room", lambda _: failed("dark", ""), needs="door"))

    assert told[1][1] == expected


def test_what_works_all_the_same_is_told():
    told = found(Check("door", lambda _: failed("shut", "")), Check("room", lambda _: ok("lit"), needs="door"))

    assert told[1][1] == "ok"


def test_no_secret_is_shown_whoever_repeats_it():
    stack = target(S3_ACCESS_KEY_ID="the-id", S3_SECRET_ACCESS_KEY="the-id-and-secret")
    check = Check("leaks", lambda _: failed("a the-id-and-secret\nb the-id c the-key", "use the-id"))

    (told,) = run_checks([check], stack, ["the-key"])

    assert (told.finding.seen, told.finding.advice) == ("a *** b *** c ***", "use ***")
