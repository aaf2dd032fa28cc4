import numpy as np
import pytest

from switchyard.statistics import metrics
from switchyard.statistics.bootstrap import estimate, resampled
from switchyard.statistics.delong import delong
from switchyard.statistics.paired_bootstrap import paired_bootstrap

OPTIONS = {"resamples": 1000, "confidence": 0.95, "seed": 3}


def regressions(rng, rows, spread=(1.0, 1.0), shared=1.0):
    """Two models whose errors have a part in common."""
    truth, common = rng.normal(size=rows) * 3, rng.normal(size=rows) * shared
    return [metrics.regression(truth, truth + common + rng.normal(size=rows) * each) for each in spread]


def binaries(rng, rows, skill=(1.0, 1.0)):
    truth = rng.integers(0, 2, rows)
    common = rng.normal(size=rows) + truth
    chances = [1 / (1 + np.exp(-(each * common + rng.normal(size=rows) * 0.5 - each / 2))) for each in skill]
    both = [np.column_stack([1 - chance, chance]) for chance in chances]
    return [metrics.binary(truth, each, each.argmax(axis=1), 1) for each in both], truth, chances


def test_the_interval_of_auc_is_about_delongs():
    samples, truth, chances = binaries(np.random.default_rng(1), 500, (0.4, 1.5))

    found = paired_bootstrap(*samples, "roc_auc", **OPTIONS)

    expected = delong(truth == 1, *chances)
    assert found.effect == pytest.approx(expected.effect)
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high], abs=0.01)


def test_intervals_cover_the_difference_about_as_often_as_they_say():
    rng = np.random.default_rng(2)
    true = np.sqrt(1 + 1.3**2) - np.sqrt(2)
    covered = 0
    for _ in range(300):
        found = paired_bootstrap(*regressions(rng, 150, (1.0, 1.3)), "rmse", resamples=400, confidence=0.9, seed=7)
        covered += found.low <= true <= found.high

    assert 0.83 <= covered / 300 <= 0.95  # 90 % asked; three standard errors are 5 %


def test_what_both_models_share_does_not_widen_the_interval():
    truth = np.random.default_rng(4).normal(size=300) * 3
    error = np.random.default_rng(5).normal(size=300) * 10
    offset = [metrics.regression(truth, truth + error), metrics.regression(truth, truth + error * 1.01)]

    found = paired_bootstrap(*offset, "rmse", **OPTIONS)

    assert found.low == pytest.approx(found.effect, rel=0.15) and found.high == pytest.approx(found.effect, rel=0.15)
    assert found.p < 0.003


def test_p_and_interval_say_the_same():
    rng = np.random.default_rng(6)
    for _ in range(40):
        found = paired_bootstrap(*regressions(rng, 100, (1.0, 1.15)), "r2", **OPTIONS)
        if not 0.04 < found.p < 0.06:
            assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_the_same_model_is_no_difference():
    sample, _ = regressions(np.random.default_rng(7), 100)

    found = paired_bootstrap(sample, sample, "mae", **OPTIONS)

    assert (found.effect, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_metric_without_a_value_gives_no_result():
    truth = np.ones(50, int)
    given = np.column_stack([np.full(50, 0.4), np.full(50, 0.6)])
    sample = metrics.binary(truth, given, given.argmax(axis=1), 1)

    assert paired_bootstrap(sample, sample, "roc_auc", **OPTIONS) is None


def test_many_rows_are_compared_by_blocks_with_the_same_result():
    samples = regressions(np.random.default_rng(8), 100_000, (1.0, 1.02))

    found = paired_bootstrap(*samples, "rmse", **OPTIONS)

    half = (found.high - found.low) / 2
    terms = [np.abs(each.sums[:, 2]) for each in samples]  # squared errors
    error = np.std(terms[1] - terms[0]) / np.sqrt(100_000) / (2 * np.sqrt(2.02))  # by the delta method
    assert half == pytest.approx(1.96 * error, rel=0.15)
    assert found.p < 0.003


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc", "pr_auc", "f1", "log_loss", "brier"])
def test_each_metric_is_that_of_each_model_alone(metric):
    samples, _, _ = binaries(np.random.default_rng(9), 200, (0.5, 1.5))

    found = paired_bootstrap(*samples, metric, **OPTIONS)

    alone = [estimate(each, resamples=0, confidence=0.95, seed=0)[metric].value for each in samples]
    assert [found.champion, found.challenger] == pytest.approx(alone)
    draws = [resampled(each, 1000, 3)[1][metric] for each in samples]
    assert [found.low, found.high] == pytest.approx(np.quantile(draws[1] - draws[0], [0.025, 0.975]))
