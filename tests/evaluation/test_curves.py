import numpy as np
import pytest
from sklearn import metrics as reference

from switchyard.evaluation import curves


def scores(rows, digits=None):
    rng = np.random.default_rng(1)
    positive = rng.random(rows) < 0.3
    score = rng.normal(size=rows) + positive
    return (score if digits is None else np.round(score, digits)), positive


@pytest.mark.parametrize("digits", [None, 1])
def test_the_area_under_the_thinned_roc_curve_is_the_metric(digits):
    score, positive = scores(20_000, digits)

    curve = curves.roc_curve(score, positive)

    assert len(curve["fpr"]) == len(curve["tpr"]) <= curves.MAX_POINTS
    assert (curve["fpr"][0], curve["tpr"][0], curve["fpr"][-1], curve["tpr"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(curve["tpr"], curve["fpr"]) == pytest.approx(reference.roc_auc_score(positive, score), abs=2e-3)


def test_a_short_pr_curve_has_every_threshold_of_scikit_learn():
    score, positive = scores(60, 1)
    precision, recall, _ = reference.precision_recall_curve(positive, score)

    curve = curves.pr_curve(score, positive)

    assert curve["recall"] == pytest.approx(recall[::-1], abs=1e-6)
    assert curve["precision"][1:] == pytest.approx(precision[::-1][1:], abs=1e-6)


def test_a_long_pr_curve_is_thinned():
    curve = curves.pr_curve(*scores(20_000))

    assert len(curve["recall"]) <= curves.MAX_POINTS
    assert curve["recall"][-1] == 1


def test_one_class_has_no_curve():
    score = np.array([0.1, 0.2])

    assert curves.roc_curve(score, np.array([True, True])) is None
    assert curves.roc_curve(score, np.array([False, False])) is None
    assert curves.pr_curve(score, np.array([False, False])) is None


def test_the_confusion_matrix_has_true_classes_down_and_leaves_unseen_labels_out():
    matrix = curves.confusion(np.array([0, 0, 1, 2, -1]), np.array([0, 1, 1, 0, 2]), 3)

    assert matrix == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_residuals_survive_predictions_that_are_all_right():
    truth = np.arange(5.0)

    found = curves.residuals(truth, truth, seed=1)

    assert sum(found["histogram"]["counts"]) == 5
    assert found["std"] == 0


def test_residuals_are_predicted_minus_true_and_their_sample_is_small():
    truth = np.random.default_rng(1).normal(size=3_000)

    found = curves.residuals(truth, truth + 2, seed=1)

    assert found["mean"] == pytest.approx(2)
    assert found["quantiles"]["median"] == pytest.approx(2)
    assert len(found["sample"]["true"]) == curves.SCATTER_POINTS
    differences = np.subtract(found["sample"]["predicted"], found["sample"]["true"])
    assert differences == pytest.approx(2)
