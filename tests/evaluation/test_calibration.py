import json

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from switchyard.config.sections import Metrics
from switchyard.evaluation.calibration import calibration
from tests.evaluation.answers import several_classes, two_classes

METRICS = Metrics(primary="roc_auc", bootstrap=200)


@pytest.fixture(scope="module")
def tumours():
    """Real probabilities: naive Bayes is badly calibrated on this table, logistic regression well."""
    x, y = load_breast_cancer(return_X_y=True)
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    fit = {"bayes": GaussianNB(), "logistic": LogisticRegression()}
    return {name: (y[1::2], m.fit(scaled[::2], y[::2]).predict_proba(scaled[1::2])[:, 1]) for name, m in fit.items()}


@pytest.mark.parametrize("strategy", ["quantile", "uniform"])
@pytest.mark.parametrize("model", ["bayes", "logistic"])
@pytest.mark.parametrize("digits", [15, 1])
def test_the_curve_is_that_of_scikit_learn(tumours, model, strategy, digits):
    truth, score = tumours[model][0], np.round(tumours[model][1], digits)
    observed, predicted = calibration_curve(truth, score, n_bins=7, strategy=strategy)

    found = calibration(two_classes(truth, score), METRICS, 0, bins=7, strategy=strategy)["bins"]

    assert [each["observed"] for each in found] == pytest.approx(observed)
    assert [each["predicted"] for each in found] == pytest.approx(predicted)
    assert sum(each["n"] for each in found) == len(truth)


def test_the_error_is_that_of_a_plain_computation(tumours):
    truth, score = tumours["bayes"]
    found = calibration(two_classes(truth, score), METRICS, 0)
    plain = 0.0
    for number, each in enumerate(found["bins"]):
        inside = [i for i, p in enumerate(score) if (p > each["low"] or number == 0) and p <= each["high"]]
        assert len(inside) == each["n"]
        gap = sum(truth[i] for i in inside) / len(inside) - sum(score[i] for i in inside) / len(inside)
        plain += len(inside) / len(score) * abs(gap)

    assert found["ece"]["value"] == pytest.approx(plain)
    assert found["ece"]["n"] == len(score)


def test_bins_hold_about_equally_many_rows(tumours):
    found = calibration(two_classes(*tumours["logistic"]), METRICS, 0)["bins"]

    assert len(found) == 10
    assert {each["n"] for each in found} <= {28, 29}
    assert all(each["observed_low"] <= each["observed"] <= each["observed_high"] for each in found)


def test_the_positive_class_is_the_one_that_is_told(tumours):
    truth, score = tumours["logistic"]
    second = calibration(two_classes(truth, score), METRICS, 0)
    first = calibration(two_classes(truth, score, positive=0), METRICS, 0)

    assert (second["class"], first["class"]) == ("yes", "no")
    assert first["bins"][0]["predicted"] == pytest.approx(1 - second["bins"][-1]["predicted"])


def test_of_several_classes_the_answered_one_counts():
    rng = np.random.default_rng(2)
    given = softmax(rng.normal(size=(600, 4)) * 2, axis=1)
    truth = np.where(rng.random(600) < 0.5, given.argmax(axis=1), rng.integers(0, 4, 600))
    right, confidence = given.argmax(axis=1) == truth, given.max(axis=1)
    observed, predicted = calibration_curve(right, confidence, n_bins=10, strategy="quantile")

    found = calibration(several_classes(truth, given), METRICS, 0)

    assert found["class"] == "top"
    assert [each["observed"] for each in found["bins"]] == pytest.approx(observed)
    assert found["ece"]["value"] == pytest.approx(np.mean(np.abs(observed - predicted)))  # 60 rows in each bin


def test_a_label_that_the_model_never_saw_never_comes_true():
    truth = np.array([1, 0, -1, -1] * 10)

    found = calibration(two_classes(truth, np.full(40, 0.75)), METRICS, 0)

    assert len(found["bins"]) == 1 and found["bins"][0]["observed"] == 0.25
    assert found["ece"]["value"] == pytest.approx(0.5)


@pytest.mark.parametrize(("truth", "score"), [([1], [0.3]), ([0, 0], [0.0, 0.0]), ([1, 1, 1], [1.0, 1.0, 1.0])])
def test_few_rows_of_one_class_have_a_curve_all_the_same(truth, score):
    found = calibration(two_classes(truth, score), METRICS, 0)

    json.dumps(found, allow_nan=False)
    assert sum(each["n"] for each in found["bins"]) == len(truth)
    assert found["ece"]["value"] == pytest.approx(np.abs(np.mean(truth) - np.mean(score)))


def test_no_resamples_no_interval_and_the_same_seed_the_same_interval(tumours):
    answers = two_classes(*tumours["bayes"])
    none = calibration(answers, Metrics(primary="roc_auc", bootstrap=0), 0)["ece"]
    first, again, other = (calibration(answers, METRICS, seed)["ece"] for seed in (1, 1, 2))

    assert none["low"] is None and none["value"] == first["value"]
    assert first == again != other


@pytest.mark.parametrize(
    ("name", "shift"),
    [
        ("calibrated", lambda p: p),
        ("overconfident", lambda p: 0.5 + 0.6 * (p - 0.5)),
        ("wrong in one part", lambda p: np.where(p > 0.75, p - 0.35, p)),
    ],
)
def test_the_interval_covers_the_true_error_about_as_often_as_it_says(name, shift):
    rng = np.random.default_rng(3)
    many = rng.beta(1.5, 2, 100_000)
    covered = []
    for run in range(200):
        score = rng.beta(1.5, 2, 250)
        found = calibration(two_classes(rng.random(250) < shift(score), score), METRICS, run)
        # The true error with these very bins.
        bin_of = np.searchsorted([each["high"] for each in found["bins"][:-1]], many, side="left")
        truth = np.abs(np.bincount(bin_of, shift(many) - many)).sum() / len(many)
        covered.append(found["ece"]["low"] <= truth + 1e-12 and truth <= found["ece"]["high"])

    # 95 % asked. Of a calibrated model a percentile interval covers it in 0 % of the runs.
    assert np.mean(covered) >= 0.90, (name, np.mean(covered))
