import numpy as np
import pytest

from switchyard.statistics.dispersion import dispersion_interval


def total(deviations):
    return np.abs(deviations).sum(axis=1)


def spread(deviations):
    return np.ptp(deviations, axis=1)


def noise(parts, seed=0, size=0.1):
    return np.random.default_rng(seed).normal(size=(1000, parts)) * size


def test_what_chance_alone_explains_may_be_none():
    low, high = dispersion_interval(np.array([0.05, -0.05, 0.02]), noise(3), total, 0.95)

    assert low == 0 and high > 0.12


def test_what_chance_does_not_explain_is_some():
    low, high = dispersion_interval(np.array([0.5, -0.5, 0.0]), noise(3, size=0.01), total, 0.95)

    assert 0.9 < low < 1 < high < 1.1


def test_between_two_groups_it_is_the_usual_interval_of_a_difference():
    low, high = dispersion_interval(np.array([0.3, -0.3]), noise(2), spread, 0.95)

    reach = 1.96 * 0.1 * 2**0.5
    assert [low, high] == pytest.approx([0.6 - reach, 0.6 + reach], abs=0.03)


def test_no_deviation_at_all_still_leaves_room():
    assert dispersion_interval(np.zeros(2), noise(2), spread, 0.95) == (0, pytest.approx(0.32, abs=0.03))


def test_without_chance_there_is_no_interval_to_speak_of():
    low, high = dispersion_interval(np.array([0.2, -0.1]), np.zeros((10, 2)), total, 0.95)

    assert [low, high] == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("truth", [[0, 0], [0, 0, 0, 0, 0], [-0.1, 0.1], [-0.3, 0, 0.1, 0.1, 0.1]], ids=str)
@pytest.mark.parametrize("figure", [total, spread])
def test_it_covers_the_truth_about_as_often_as_it_says(truth, figure):
    rng, covered = np.random.default_rng(1), []
    for run in range(200):
        observed = np.array(truth) + rng.normal(size=len(truth)) * 0.1
        low, high = dispersion_interval(observed, noise(len(truth), run)[:300], figure, 0.9)
        covered.append(low <= figure(np.array([truth]))[0] <= high)

    # 90 % asked, three standard errors of 200 runs are 6 %; more than asked, where the upper end is careful.
    assert np.mean(covered) >= 0.84
