"""The values are scikit-learn's, with ties, absent classes and probabilities of 0 and 1."""

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.preprocessing import label_binarize

from switchyard.statistics import metrics
from switchyard.statistics.bootstrap import estimate


def values(sample):
    return {name: each.value for name, each in estimate(sample, resamples=0, confidence=0.95, seed=0).items()}


def probabilities(rng, rows, classes, ties=False):
    """With ties: tenths, 0 and 1 among them, as of a forest of ten trees."""
    logits = rng.normal(size=(rows, classes)) * 2
    found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return rng.multinomial(10, found) / 10 if ties else found


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("positive", [0, 1])
def test_two_classes_equal_scikit_learn(ties, positive):
    rng = np.random.default_rng(3)
    given = probabilities(rng, 400, 2, ties)
    truth = (rng.random(400) < given[:, 1] * 0.6 + 0.1).astype(int)
    predicted = given.argmax(axis=1)
    is_positive, score = truth == positive, given[:, positive]

    found = values(metrics.binary(truth, given, predicted, positive))

    assert found == pytest.approx(
        {
            "accuracy": reference.accuracy_score(truth, predicted),
            "roc_auc": reference.roc_auc_score(is_positive, score),
            "pr_auc": reference.average_precision_score(is_positive, score),
            "f1": reference.f1_score(truth, predicted, pos_label=positive),
            "log_loss": reference.log_loss(truth, given.astype(np.float32)),
            "brier": reference.brier_score_loss(is_positive, score),
        },
        rel=1e-6,
    )


@pytest.mark.parametrize("ties", [False, True])
def test_many_classes_equal_scikit_learn(ties):
    rng = np.random.default_rng(4)
    given = probabilities(rng, 500, 4, ties)
    truth = np.where(rng.random(500) < 0.6, given.argmax(axis=1), rng.integers(0, 4, 500))
    predicted = given.argmax(axis=1)

    found = values(metrics.multiclass(truth, given, predicted))

    one_hot = label_binarize(truth, classes=range(4))
    assert found == pytest.approx(
        {
            "accuracy": reference.accuracy_score(truth, predicted),
            "roc_auc": reference.roc_auc_score(one_hot, given, average="macro"),
            "pr_auc": reference.average_precision_score(one_hot, given, average="macro"),
            "f1": reference.f1_score(truth, predicted, average="macro"),
            "log_loss": reference.log_loss(truth, given.astype(np.float32)),
            "brier": reference.brier_score_loss(truth, given),
        },
        rel=1e-6,
    )


def test_macro_f1_leaves_out_a_class_that_neither_occurs_nor_is_answered():
    given = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    truth, predicted = np.array([0, 1, 1]), np.array([0, 1, 0])

    found = values(metrics.multiclass(truth, given, predicted))

    assert found["f1"] == pytest.approx(reference.f1_score(truth, predicted, average="macro"))
    assert found["roc_auc"] is None and found["pr_auc"] is None


def test_regression_equals_scikit_learn_far_from_zero():
    rng = np.random.default_rng(5)
    truth = 1e7 + rng.normal(size=300)
    predicted = truth + rng.normal(size=300) * 0.3

    found = values(metrics.regression(truth, predicted))

    assert found == pytest.approx(
        {
            "rmse": reference.root_mean_squared_error(truth, predicted),
            "mae": reference.mean_absolute_error(truth, predicted),
            "r2": reference.r2_score(truth, predicted),
        },
        rel=1e-9,
    )


def test_one_class_only_leaves_rankings_undefined_and_the_rest_defined():
    given = np.array([[0.9, 0.1], [0.3, 0.7], [0.6, 0.4]])
    truth = np.zeros(3, dtype=int)

    found = values(metrics.binary(truth, given, given.argmax(axis=1), 1))

    assert found["roc_auc"] is None and found["pr_auc"] is None
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["f1"] == 0


def test_constant_scores_rank_nothing():
    given = np.full((10, 2), 0.5)
    truth = np.array([0, 1] * 5)

    found = values(metrics.binary(truth, given, np.zeros(10, dtype=int), 1))

    assert found["roc_auc"] == 0.5
    assert found["pr_auc"] == 0.5
    assert found["f1"] == 0


def test_a_constant_target_has_no_r2():
    # 0.1 has no exact binary form: rounding must not pass for spread.
    found = values(metrics.regression(np.full(7, 0.1), np.linspace(0, 1, 7)))

    assert found["r2"] is None and found["rmse"] > 0


def test_a_label_that_the_model_never_saw_counts_as_wrong():
    given = np.array([[0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])
    known = metrics.binary(np.array([0, 1, 0]), given, np.array([0, 1, 1]), 1)
    unseen = metrics.binary(np.array([0, 1, -1]), given, np.array([0, 1, 1]), 1)

    assert values(unseen)["accuracy"] == values(known)["accuracy"] == pytest.approx(2 / 3)
    assert values(unseen)["log_loss"] > 5 > values(known)["log_loss"]


def test_many_classes_and_an_unseen_label_equal_scikit_learn_with_one_more_class():
    given = probabilities(np.random.default_rng(6), 60, 3)
    truth = np.array([0, 1, 2, 0, 1, -1] * 10)
    predicted = given.argmax(axis=1)
    widened = np.column_stack([given, np.zeros(60)])
    named = np.where(truth < 0, 3, truth)

    found = values(metrics.multiclass(truth, given, predicted))

    assert found["accuracy"] == pytest.approx(reference.accuracy_score(named, predicted))
    assert found["f1"] == pytest.approx(reference.f1_score(named, predicted, average="macro"))
    assert found["brier"] == pytest.approx(reference.brier_score_loss(named, widened))
    assert found["log_loss"] == pytest.approx(reference.log_loss(named, widened.astype(np.float32)), rel=1e-6)
