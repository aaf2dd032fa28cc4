import numpy as np
import pytest
from scipy.stats import binom

from switchyard.statistics.mcnemar import mcnemar


def right(both, lost, gained, neither):
    """Which rows champion and challenger have right."""
    counts = [both, lost, gained, neither]
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_few_discordant_pairs_are_judged_exactly():
    found = mcnemar(*right(50, 2, 10, 5))

    assert found.p == pytest.approx(2 * binom.cdf(2, 12, 0.5))
    assert found.effect == pytest.approx(8 / 67)


def test_many_discordant_pairs_give_the_published_statistic():
    # Agresti, "Categorical Data Analysis" (2nd ed., 2002), table 10.1, approval of the prime minister in two surveys:
    # 794 and 570 answered alike, 150 and 86 changed; z = -4.17, and the interval of the change is -0.06 to -0.02.
    found = mcnemar(*right(794, 150, 86, 570))

    assert found.p == pytest.approx(2 * 1.55e-5, rel=0.02)
    assert found.effect == pytest.approx(-0.04)
    assert [found.low, found.high] == pytest.approx([-0.0587, -0.0213], abs=5e-4)


def test_the_same_labels_are_no_difference():
    assert mcnemar(*right(50, 0, 0, 5)).p == 1


def test_rows_that_both_have_right_say_nothing():
    assert mcnemar(*right(10, 3, 12, 0)).p == mcnemar(*right(10_000, 3, 12, 500)).p


def test_the_interval_covers_the_difference_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        kind = rng.choice(4, size=150, p=[0.7, 0.08, 0.14, 0.08])
        found = mcnemar(kind <= 1, (kind == 0) | (kind == 2), confidence=0.9)
        covered += found.low <= 0.06 <= found.high

    assert 870 <= covered <= 930  # three standard errors of 1000 are 28
