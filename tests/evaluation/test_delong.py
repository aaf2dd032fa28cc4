import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from switchyard.evaluation.delong import areas_with_covariance, delong

# 43 patients with ovarian cancer of DeLong, DeLong and Clarke-Pearson (1988), as in the SAS/STAT User's Guide, example
# "Comparing Receiver Operating Characteristic Curves" of PROC LOGISTIC: albumin, total protein, K-G score, and
# whether surgery helped. Its tables give areas, standard errors and differences to four digits.
PATIENTS = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1   3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0   3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1   3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0   2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


@pytest.fixture
def patients():
    albumin, protein, score, helped = np.array(PATIENTS.split(), float).reshape(-1, 4).T
    return helped == 1, {"albumin": albumin, "K-G": 10 - score, "protein": protein}


def test_areas_and_standard_errors_are_the_published_ones(patients):
    helped, tests = patients

    areas, covariance = areas_with_covariance(helped, np.stack(list(tests.values())))

    assert areas == pytest.approx([0.7366, 0.7258, 0.6478], abs=5e-5)
    assert np.sqrt(np.diag(covariance)) == pytest.approx([0.0927, 0.1028, 0.1000], abs=5e-5)


@pytest.mark.parametrize(
    ("test", "effect", "low", "high", "p"),
    [("albumin", 0.0108, -0.1761, 0.1976, 0.9102), ("protein", -0.0780, -0.2830, 0.1271, 0.4561)],
)
def test_differences_from_the_k_g_score_are_the_published_ones(patients, test, effect, low, high, p):
    helped, tests = patients

    found = delong(helped, tests["K-G"], tests[test])

    assert [found.effect, found.low, found.high, found.p] == pytest.approx([effect, low, high, p], abs=6e-5)


def test_all_three_together_give_the_published_chi_square(patients):
    helped, tests = patients
    areas, covariance = areas_with_covariance(helped, np.stack(list(tests.values())))
    contrast = np.array([[1, -1, 0], [0, -1, 1]])

    apart = contrast @ areas

    assert apart @ np.linalg.inv(contrast @ covariance @ contrast.T) @ apart == pytest.approx(2.5340, abs=5e-5)


def by_all_pairs(positive, scores):
    """The definition of 1988: every positive row against every negative one."""
    psi = [
        np.where(s[positive][:, None] > s[~positive], 1.0, 0.5 * (s[positive][:, None] == s[~positive])) for s in scores
    ]
    areas = np.array([each.mean() for each in psi])
    of_hits, of_others = np.stack([each.mean(axis=1) for each in psi]), np.stack([each.mean(axis=0) for each in psi])
    return areas, np.cov(of_hits) / positive.sum() + np.cov(of_others) / (~positive).sum()


@pytest.mark.parametrize("digits", [1, 15])
def test_midranks_give_what_all_pairs_give(digits):
    rng = np.random.default_rng(5)
    positive = rng.random(120) < 0.3
    scores = np.round(rng.normal(size=(2, 120)) + positive, digits)

    areas, covariance = areas_with_covariance(positive, scores)

    expected = by_all_pairs(positive, scores)
    assert areas == pytest.approx(expected[0])
    assert covariance == pytest.approx(expected[1])
    assert areas == pytest.approx([roc_auc_score(positive, each) for each in scores])


def test_the_same_ranking_is_no_difference():
    rng = np.random.default_rng(6)
    positive = rng.random(100) < 0.5
    score = rng.normal(size=100) + positive

    found = delong(positive, score, 3 * score + 1)

    assert (found.effect, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_model_that_is_always_right_differs_from_one_that_is_always_wrong():
    positive = np.arange(40) < 20
    score = np.where(positive, 1.0, 0.0)

    found = delong(positive, 1 - score, score)

    assert (found.champion, found.challenger, found.p) == (0, 1, 0)
