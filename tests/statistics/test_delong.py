from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from switchyard.statistics.delong import areas_with_covariance, delong

# 43 patients with ovarian cancer of DeLong, DeLong and Clarke-Pearson (1988): albumin, total protein, K-G score, and
# whether surgery helped, as printed in the SAS/STAT User's Guide, PROC LOGISTIC, example 72.8 "Comparing Receiver
# Operating Characteristic Curves" (support.sas.com/documentation/cdl/en/statug/68162), which leaves out six with a gap.
# What is expected of them is computed below from the definition of 1988, pair by pair and in exact fractions.
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


def in_fractions(helped, tests):
    """Areas and covariances of structural components, as DeLong et al. define them; no numpy, no ranks."""
    hits = [i for i, each in enumerate(helped) if each]
    others = [i for i, each in enumerate(helped) if not each]
    psi = [{(i, j): Fraction(int(s[i] > s[j]) * 2 + int(s[i] == s[j]), 2) for i in hits for j in others} for s in tests]
    areas = [sum(each.values()) / len(each) for each in psi]
    of_hits = [[sum(each[i, j] for j in others) / len(others) for i in hits] for each in psi]
    of_others = [[sum(each[i, j] for i in hits) / len(hits) for j in others] for each in psi]

    def covariance(a, b):
        parts = ((of_hits, len(hits)), (of_others, len(others)))
        return sum(
            sum((x - areas[a]) * (y - areas[b]) for x, y in zip(part[a], part[b], strict=True)) / (n - 1) / n
            for part, n in parts
        )

    return areas, [[covariance(a, b) for b in range(len(tests))] for a in range(len(tests))]


def test_areas_and_covariances_of_the_patients_are_those_of_all_pairs(patients):
    helped, tests = patients
    expected, covariances = in_fractions(helped, list(tests.values()))

    areas, covariance = areas_with_covariance(helped, np.stack(list(tests.values())))

    assert areas == pytest.approx([float(area) for area in expected], rel=1e-12)
    assert covariance == pytest.approx(np.array(covariances, float), rel=1e-9)


@pytest.mark.parametrize("test", ["albumin", "protein"])
def test_a_difference_from_the_k_g_score_is_that_of_all_pairs(patients, test):
    helped, tests = patients
    (old, new), ((a, both), (_, b)) = in_fractions(helped, [tests["K-G"], tests[test]])
    error, normal = float(a + b - 2 * both) ** 0.5, NormalDist()
    effect = float(new - old)

    found = delong(helped, tests["K-G"], tests[test])

    ends = [effect - normal.inv_cdf(0.975) * error, effect + normal.inv_cdf(0.975) * error]
    p = 2 * normal.cdf(-abs(effect) / error)
    assert [found.champion, found.challenger] == pytest.approx([float(old), float(new)])
    assert [found.effect, found.low, found.high, found.p] == pytest.approx([effect, *ends, p])


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
