import pytest

from switchyard.errors import InputError
from switchyard.evaluation.gates import check_gates, judge, sentence


def report(**gated):
    return {"gated": gated, "undefined": {"roc_auc": "no row is of class survived"}}


@pytest.mark.parametrize(
    ("asked", "measured", "passed"),
    [
        (">= 0.80", 0.8, True),
        ("> 0.80", 0.8, False),
        ("<= 0.80", 0.8, True),
        ("< 0.80", 0.8, False),
        (">= 0.80", 0.79999999, False),
        ("<=1e-5", 1e-5, True),
        ("  <   5 ", 4.9, True),
        (">= -2", -1.0, True),
    ],
)
def test_comparators(asked, measured, passed):
    (result,) = judge({"r2": asked}, {"gated": {"r2": measured}})

    assert result.passed is passed


@pytest.mark.parametrize("measured", [None, float("nan")])
@pytest.mark.parametrize("asked", [">= 0", "<= 1", "> -1e9", "< 1e9"])
def test_what_has_no_value_never_passes(asked, measured):
    (result,) = judge({"roc_auc": asked}, report(roc_auc=measured))

    assert not result.passed
    assert str(result) == f"gate roc_auc failed: undefined (no row is of class survived), asked {asked}"


def test_a_gate_that_the_report_does_not_know_fails():
    (result,) = judge({"roc_auc.low": ">= 0"}, {"gated": {}})

    assert not result.passed and result.measured is None


def test_a_failed_gate_says_measured_asked_and_what_happens_now():
    results = judge({"roc_auc": ">= 0.80", "size_mb": "<= 20"}, report(roc_auc=0.78123, size_mb=1.0))

    assert sentence(results, "titanic version 3 is registered but not promoted, nothing is deployed") == (
        "gate roc_auc failed: measured 0.781, asked >= 0.80; "
        "titanic version 3 is registered but not promoted, nothing is deployed"
    )


def test_all_failed_gates_are_named():
    line = sentence(judge({"roc_auc": ">= 0.80", "size_mb": "<= 20"}, report(roc_auc=0.5, size_mb=2500.0)))

    assert line == "gate roc_auc failed: measured 0.5, asked >= 0.80; gate size_mb failed: measured 2500, asked <= 20"


def test_a_near_miss_is_not_rounded_into_a_contradiction():
    (result,) = judge({"roc_auc": ">= 0.80"}, report(roc_auc=0.79996))

    assert "measured 0.79996, asked >= 0.80" in str(result)


def test_passed_gates_in_one_line():
    gates = {"roc_auc": ">= 0.80", "size_mb": "<= 20"}

    assert sentence(judge(gates, report(roc_auc=0.9, size_mb=1.0))) == "all 2 gates passed"
    assert sentence(judge({"size_mb": "<= 20"}, report(size_mb=1.0)), "deployed") == "the gate passed; deployed"
    assert sentence(()) == "no gates set"


def test_known_gates_are_accepted_before_anything_is_measured():
    check_gates(
        {"roc_auc": ">= 0.8", "roc_auc.low": "> .7", "latency_ms.p95": "<= 5", "parity": "<= 1e-5"}, "classification"
    )
    check_gates({"rmse.high": "<= 600", "r2": ">= 0.9", "size_mb": "<= 20"}, "regression")


@pytest.mark.parametrize(
    ("gates", "task", "expected"),
    [
        ({"roc_acu": ">= 0.8"}, "classification", "gates.roc_acu .* did you mean roc_auc"),
        ({"latency_ms.p90": "<= 5"}, "classification", "did you mean latency_ms.p"),
        ({"roc_auc": ">= 0.8"}, "regression", "gates.roc_auc is nothing that a regression .* rmse, mae, r2"),
        ({"f1": "0.8"}, "classification", "gates.f1 is '0.8', which is no comparison"),
        ({"f1": "=> 0.8"}, "classification", "gates.f1 is '=> 0.8'"),
        ({"f1": "== 0.8"}, "classification", "write one of >=, <=, >, <"),
        ({"f1": ">= nan"}, "classification", "gates.f1 is '>= nan'"),
        ({"f1": ">= 0.8 %"}, "classification", "gates.f1 is '>= 0.8 %'"),
    ],
)
def test_a_gate_that_could_never_be_judged_is_refused(gates, task, expected):
    with pytest.raises(InputError, match=expected):
        check_gates(gates, task)
