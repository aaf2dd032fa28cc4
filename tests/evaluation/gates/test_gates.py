import re

import pytest

from switchyard.config.sections import Column, Contract, Data, Features, Metrics, Reporting, Slices
from switchyard.errors import InputError
from switchyard.evaluation.gates.judge import check_gates, judge, sentence
from switchyard.evaluation.tables.gate_schema import Measured, places
from tests.evaluation import whole_report


def report(**gated):
    return whole_report.classification() | {"gated": gated, "undefined": {"roc_auc": "no row is of class survived"}}


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
    (result,) = judge({"r2": asked}, report(r2=measured))

    assert result.passed is passed


@pytest.mark.parametrize("measured", [None, float("nan")])
@pytest.mark.parametrize("asked", [">= 0", "<= 1", "> -1e9", "< 1e9"])
def test_what_has_no_value_never_passes(asked, measured):
    (result,) = judge({"roc_auc": asked}, report(roc_auc=measured))

    assert not result.passed
    assert str(result) == f"gate roc_auc failed: undefined (no row is of class survived), asked {asked}"


def test_a_gate_that_the_report_does_not_know_fails():
    (result,) = judge({"roc_auc.low": ">= 0"}, report())

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


COLUMNS = {
    "y": Column(type="string", allowed=("died", "survived")),
    "sex": Column(type="string", allowed=("female", "male")),
    "home.port": Column(type="string", nullable=True),
    "age": Column(type="number", nullable=True),
    "child": Column(type="boolean"),
    "class": Column(type="integer"),
}
REPORTING = Reporting(slices=Slices(bins={"class": (2.0,)}, pairs=(("sex", "child"),)), sensitive=("sex",))


def root(task="classification", groups=None, **target):
    columns = COLUMNS | ({"y": Column(**target)} if target else {})
    data, primary = Data(uri="t.csv", target="y"), "roc_auc" if task == "classification" else "mae"
    return places(
        Measured(task, data, Contract(columns=columns), Features(), Metrics(primary=primary), REPORTING), groups
    )


@pytest.mark.parametrize(
    "name",
    [
        *("roc_auc", "roc_auc.low", "roc_auc.n", "latency_ms.p95", "parity", "size_mb"),
        *("calibration.ece", "calibration.ece.high", "thresholds.lowest_cost.cost", "thresholds.default.cost"),
        *("slices.sex.female.roc_auc", "slices.sex.female.rows", "slices.sex.male.f1.low", "slices.age.q4.accuracy"),
        *("slices.age.missing.rows", "slices.class.bin2.f1", "slices.child.true.f1", "slices.sex*child.male*false.f1"),
        *("slices.home.port.S.f1", "slices.home.port.St. Ives.f1.high", "slices.home.port.missing.rows"),
        *("fairness.sex.selection_rate_difference", "fairness.sex.groups.male.true_positive_rate.low"),
        *("importances.age.low", "importances.home.port", "robustness.noise.loss", "robustness.unknown.roc_auc.low"),
        *("stability.std", "training.seconds", "contract.failed"),
    ],
)
def test_any_number_of_the_report_can_be_gated(name):
    check_gates({name: ">= 0.5"}, root())


def test_the_numbers_of_a_regression():
    names = ("rmse.high", "r2", "size_mb", "slices.sex.male.mae.low", "robustness.missing.loss", "importances.sex")

    check_gates(dict.fromkeys(names, "<= 600"), root("regression", type="number"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roc_acu", "gates.roc_acu names nothing in the report: .* did you mean roc_auc"),
        ("roc_auc.lo", "roc_auc has nothing called lo: did you mean roc_auc.low.* low, high, n"),
        ("latency_ms.p90", "did you mean latency_ms.p.* There are p50, p95, p99"),
        (
            "slices.sex.femal.f1.low",
            "slices.sex has nothing called femal: did you mean slices.sex.female.f1.low.*, male",
        ),
        ("slices.sexx.female.f1", "slices has nothing called sexx: did you mean slices.sex.female.f1.*age"),
        ("slices.sex.female", "slices.sex.female is no number, but holds several: rows, accuracy"),
        ("slices.age.q5.f1", "slices.age has nothing called q5: .*q1, q2, q3, q4, missing"),
        ("slices.class.bin3.f1", "slices.class has nothing called bin3: .*bin1, bin2"),
        ("slices.sex.female.f1.low.high", "slices.sex.female.f1.low is a number, and has nothing called high"),
        ("slices.home.port.S.rmse", "slices.home.port.S has nothing called rmse"),
        ("slices.sex*age.female*q1.f1", "slices has nothing called sex.age"),
        ("fairness.age.selection_rate_difference", "fairness has nothing called age.*sex"),
        ("importances.y", "importances has nothing called y"),
        ("calibration", "calibration is no number, but holds several: ece"),
        ("deciles", "nothing called deciles is measured"),
        ("", "gates. names nothing"),
    ],
)
def test_a_gate_that_names_nothing_is_refused_with_what_there_is(name, expected):
    with pytest.raises(InputError, match=expected):
        check_gates({name: ">= 0.5"}, root())


@pytest.mark.parametrize(
    "name", ["roc_auc", "calibration.ece", "thresholds.lowest_cost.cost", "fairness.sex.selection_rate_difference"]
)
def test_a_regression_has_nothing_of_classes(name):
    with pytest.raises(InputError, match=f"gates.{name} names nothing .* There are rmse, mae, r2"):
        check_gates({name: ">= 0.5"}, root("regression", type="number"))


@pytest.mark.parametrize("name", ["thresholds.lowest_cost.cost", "fairness.sex.selection_rate_difference"])
def test_three_classes_have_neither_thresholds_nor_fairness(name):
    with pytest.raises(InputError, match="nothing called"):
        check_gates({name: ">= 0.5"}, root(type="string", allowed=("a", "b", "c")))


def test_with_the_rows_at_hand_only_slices_that_have_some_can_be_gated():
    found = {"sex": ["male"], "home.port": ["St. Ives"], "sex*child": ["male*true"]}
    check_gates({"slices.home.port.St. Ives.f1": "> 0", "slices.sex*child.male*true.f1": "> 0"}, root(groups=found))

    for name in ("slices.home.port.Deal.f1", "slices.sex.female.f1", "slices.sex*child.male*false.f1"):
        with pytest.raises(InputError, match=f"gates.{re.escape(name)} names nothing"):
            check_gates({name: "> 0"}, root(groups=found))


@pytest.mark.parametrize("asked", ["0.8", "=> 0.8", "== 0.8", ">= nan", ">= 0.8 %"])
def test_a_gate_that_is_no_comparison_is_refused(asked):
    with pytest.raises(InputError, match=f"gates.f1 is '{asked}', which is no comparison: write one of >=, <=, >, <"):
        check_gates({"f1": asked}, root())


KINDS = {
    "roc_auc": (0.847, ""),
    "roc_auc.low": (0.807, "lower end of the interval of roc_auc"),
    "roc_auc.n": (262, "rows behind roc_auc"),
    "latency_ms.p95": (0.03, ""),
    "parity": (2e-7, ""),
    "size_mb": (0.21, ""),
    "slices.sex.male.roc_auc": (0.64, "roc_auc of the 169 test rows where sex is male"),
    "slices.age.q1.f1": (0.88, "f1 of the 60 test rows where age is 0.2 to 21"),
    "slices.age.missing.f1.high": (
        0.9,
        "upper end of the interval of f1 of the 12 test rows where age is missing, which are few",
    ),
    "slices.sex*pclass.male*3rd.rows": (98, "test rows where sex*pclass is male*3rd"),
    "calibration.ece": (0.061, "expected calibration error"),
    "calibration.ece.high": (0.081, "upper end of the interval of expected calibration error"),
    "thresholds.lowest_cost.cost": (0.18, "lowest mean cost per row, at threshold 0.4"),
    "thresholds.lowest_cost.threshold": (0.4, "threshold of the lowest cost"),
    "thresholds.default.cost": (0.202, "mean cost per row at threshold 0.5"),
    "fairness.sex.selection_rate_difference": (0.59, "difference between the selection rates of the groups of sex"),
    "fairness.sex.equal_opportunity_difference": (
        0.55,
        "difference between the true positive rates of the groups of sex",
    ),
    "fairness.sex.groups.male.true_positive_rate": (0.35, "true positive rate of sex male"),
    "importances.age.low": (0.02, "lower end of the interval of loss of roc_auc when age is shuffled"),
    "robustness.missing.loss": (0.03, "loss of roc_auc with missing values"),
    "robustness.noise.roc_auc": (0.846, "roc_auc with noise on numbers"),
    "stability.std": (0.0045, "standard deviation of roc_auc with 3 seeds"),
    "training.seconds": (4.2, "seconds of training"),
    "training.peak_memory_mb": (310, "peak memory of training in MB"),
    "contract.compared": (7, "compared of the data's contract"),
}


@pytest.mark.parametrize("name", list(KINDS))
def test_each_kind_of_gate_passes_and_fails_by_what_its_section_measured(name):
    report, (value, words) = whole_report.classification(), KINDS[name]
    assert report["gated"][name] == pytest.approx(value)

    (passed,) = judge({name: f">= {value - abs(value) / 100}"}, report)
    (failed,) = judge({name: f"<= {value - abs(value) / 100}"}, report)

    assert (passed.passed, failed.passed) == (True, False)
    assert passed.words == failed.words == words
    assert f"gate {name} failed: measured" in str(failed)


def test_a_group_without_a_value_fails_its_gate_with_the_reason():
    (result,) = judge({"slices.sex*pclass.female*1st.roc_auc": ">= 0"}, whole_report.classification())

    assert str(result).endswith("failed: undefined (no value on these rows), asked >= 0")
