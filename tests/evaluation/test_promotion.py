import pytest

from switchyard.config.sections import Champion
from switchyard.evaluation.promotion import decide
from switchyard.evaluation.tables.comparison import Comparison


def comparison(verdict, notes=()):
    return Comparison(verdict, "roc_auc 0.9 against 0.8", "roc_auc", "delong", 0.05, notes=notes)


def decided(verdict, gates=2, **settings):
    found = decide(gates, 5, 3, comparison(verdict), Champion(**settings))
    return found.verdict, found.reason


def test_the_first_champion_is_promoted_by_gates_alone():
    found = decide(1, 1, None, None, Champion())

    assert (found.verdict, found.reason) == ("promoted", "the gate passed; there was no champion before it")


def test_the_champion_itself_has_nothing_to_be_compared_with():
    found = decide(0, 3, 3, None, Champion(worse="fail"))

    assert found.verdict == "champion kept"
    assert found.reason == (
        "no gates set; version 3 is the champion already, and these are its very bytes: nothing to compare"
    )


def test_a_better_one_is_promoted_whatever_the_config_says_of_others():
    for settings in ({}, {"too_close": "promote"}, {"worse": "fail"}):
        verdict, reason = decided("promote", **settings)
        assert (verdict, reason) == (
            "promoted",
            "all 2 gates passed; better than version 3: roc_auc 0.9 against 0.8",
        )


@pytest.mark.parametrize(("worse", "verdict"), [("keep", "champion kept"), ("fail", "refused")])
@pytest.mark.parametrize("too_close", ["keep", "promote"])
def test_a_worse_one_never_is(worse, verdict, too_close):
    assert decided("keep champion", worse=worse, too_close=too_close) == (
        verdict,
        "worse than the champion: roc_auc 0.9 against 0.8; version 3 stays in production, "
        "version 5 is registered but not promoted",
    )


def test_what_is_too_close_follows_the_config_and_says_so():
    assert decided("too close to call", worse="fail") == (
        "champion kept",
        "too close to call: roc_auc 0.9 against 0.8; champion.too_close is keep, so version 3 stays in production",
    )
    assert decided("too close to call", too_close="promote") == (
        "promoted",
        "all 2 gates passed; too close to call: roc_auc 0.9 against 0.8; "
        "champion.too_close is promote, so version 5 takes the place of version 3",
    )


def test_what_must_be_known_of_the_figures_is_said():
    found = decide(0, 5, 3, comparison("promote", ("12 test rows left out",)), Champion())

    assert found.reason.endswith("roc_auc 0.9 against 0.8; 12 test rows left out")
