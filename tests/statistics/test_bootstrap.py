import numpy as np
import pytest
from sklearn import metrics as reference

from switchyard.statistics import bootstrap, metrics
from switchyard.statistics.bootstrap import estimate


def binary_sample(seed, rows, prevalence=0.4, digits=None, in_order=False):
    rng = np.random.default_rng(seed)
    truth = (rng.random(rows) < prevalence).astype(int)
    score = 1 / (1 + np.exp(-(rng.normal(size=rows) + truth - 0.5)))
    score = score if digits is None else np.round(score, digits)
    if in_order:
        order = np.lexsort((score, truth))
        truth, score = truth[order], score[order]
    given = np.column_stack([1 - score, score])
    return metrics.binary(truth, given, given.argmax(axis=1), 1), truth, score


def test_a_resample_scores_what_scikit_learn_scores_on_the_repeated_rows():
    sample, truth, score = binary_sample(1, 200, digits=2)
    counts = np.random.default_rng(2).integers(0, 4, size=(3, 200)).astype(float)

    found = bootstrap._exact(sample)(counts)

    for draw, repeats in enumerate(counts.astype(int)):
        labels, scores = np.repeat(truth, repeats), np.repeat(score, repeats)
        assert found["roc_auc"][draw] == pytest.approx(reference.roc_auc_score(labels, scores))
        assert found["pr_auc"][draw] == pytest.approx(reference.average_precision_score(labels, scores))
        assert found["f1"][draw] == pytest.approx(reference.f1_score(labels, scores > 0.5))
        assert found["brier"][draw] == pytest.approx(reference.brier_score_loss(labels, scores))


def test_the_interval_is_that_of_resampling_with_scikit_learn():
    sample, truth, score = binary_sample(3, 150)
    rng = np.random.default_rng(4)
    drawn = [rng.integers(0, 150, 150) for _ in range(500)]
    expected = np.quantile([reference.roc_auc_score(truth[rows], score[rows]) for rows in drawn], [0.025, 0.975])

    found = estimate(sample, resamples=2000, confidence=0.95, seed=5)["roc_auc"]

    assert [found.low, found.high] == pytest.approx(expected, abs=0.02)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # Scores and labels of known distribution: a very large sample has the true value.
    truth = estimate(binary_sample(10, 400_000)[0], resamples=0, confidence=0.9, seed=0)
    samples = (binary_sample(100 + run, 200)[0] for run in range(200))
    runs = [estimate(sample, resamples=200, confidence=0.9, seed=9) for sample in samples]

    covered = {name: np.mean([run[name].low <= truth[name].value <= run[name].high for run in runs]) for name in truth}

    # 90 % asked; three standard errors of 200 runs are 6 %, and percentile intervals are a little narrow.
    assert all(0.82 <= share <= 0.97 for share in covered.values()), covered


def test_blocks_give_the_width_of_single_rows(monkeypatch):
    ratios = []
    for seed in range(6):
        # Tables often come sorted; blocks that kept that order would have too little variance.
        sample, _, _ = binary_sample(seed, 3_000, prevalence=0.1, in_order=True)
        widths = []
        for limit in (10**9, 0):
            monkeypatch.setattr(bootstrap, "EXACT_ROWS", limit)
            found = estimate(sample, resamples=200, confidence=0.9, seed=seed)
            widths.append([each.high - each.low for each in found.values()])
        ratios.append(np.divide(*widths))

    assert np.mean(ratios, axis=0) == pytest.approx(np.ones(6), abs=0.1)


def test_blocks_leave_the_value_exact_and_inside_its_interval(monkeypatch):
    sample, _, _ = binary_sample(1, 5_000)
    exact = estimate(sample, resamples=0, confidence=0.9, seed=0)
    monkeypatch.setattr(bootstrap, "EXACT_ROWS", 0)

    blocked = estimate(sample, resamples=200, confidence=0.9, seed=0)

    assert {name: each.value for name, each in blocked.items()} == {name: each.value for name, each in exact.items()}
    assert all(each.low < each.value < each.high for each in blocked.values())


def test_coarse_bins_do_not_move_the_interval(monkeypatch):
    sample, _, _ = binary_sample(1, 5_000)
    exact = estimate(sample, resamples=200, confidence=0.9, seed=0)["roc_auc"]
    monkeypatch.setattr(bootstrap, "EXACT_ROWS", 0)
    monkeypatch.setattr(bootstrap, "BINS", 8)

    coarse = estimate(sample, resamples=200, confidence=0.9, seed=0)["roc_auc"]

    assert [coarse.low, coarse.high] == pytest.approx([exact.low, exact.high], abs=0.0025)


def test_a_resample_of_equal_targets_has_no_r2():
    sample = metrics.regression(np.array([0.7, 0.1, 0.3, 1e6]), np.zeros(4))
    weights = np.zeros((200, 4))
    weights[:, 1] = np.arange(1, 201)  # sums of squares round up for some of these, down for others

    found = bootstrap._exact(sample)(weights)

    assert np.isnan(found["r2"]).all()
    assert found["rmse"] == pytest.approx(0.1)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    sample, _, _ = binary_sample(1, 100)

    first, again, other = (estimate(sample, resamples=50, confidence=0.95, seed=seed) for seed in (1, 1, 2))

    assert first == again != other


def test_a_wider_confidence_gives_a_wider_interval():
    sample, _, _ = binary_sample(1, 300)

    narrow, wide = (estimate(sample, resamples=500, confidence=share, seed=1)["brier"] for share in (0.5, 0.99))

    assert wide.low < narrow.low < narrow.high < wide.high


def test_no_resamples_no_interval():
    found = estimate(binary_sample(1, 50)[0], resamples=0, confidence=0.95, seed=1)

    assert found["roc_auc"].value is not None
    assert found["roc_auc"].low is None and found["roc_auc"].high is None


def test_one_positive_row_is_too_few_for_an_interval_only_if_most_resamples_miss_it():
    # A resample of n rows misses a given one with probability 1/e, 37 %: still defined.
    given = np.column_stack([np.linspace(1, 0, 40), np.linspace(0, 1, 40)])
    truth = np.zeros(40, dtype=int)
    none = estimate(metrics.binary(truth, given, truth, 1), resamples=200, confidence=0.95, seed=0)
    truth[30] = 1
    one = estimate(metrics.binary(truth, given, truth, 1), resamples=200, confidence=0.95, seed=0)

    assert none["roc_auc"] == bootstrap.Estimate(None, None, None, 40)
    assert one["roc_auc"].low < one["roc_auc"].value < one["roc_auc"].high


@pytest.mark.parametrize("resamples", [0, 50])
def test_every_figure_says_how_many_rows_it_rests_on(resamples):
    found = estimate(binary_sample(1, 73)[0], resamples=resamples, confidence=0.95, seed=1)

    assert {each.n for each in found.values()} == {73}
    assert found["roc_auc"].as_dict()["n"] == 73


def test_the_quick_plan_gives_much_the_same_interval():
    sample, _, _ = binary_sample(2, 20_000, prevalence=0.1)

    fine, quick = (
        estimate(sample, resamples=400, confidence=0.95, seed=3, plan=plan) for plan in (None, bootstrap.QUICK)
    )

    for name, exact in fine.items():
        assert quick[name].value == exact.value
        # 400 resamples and 200 blocks leave each end uncertain by about a tenth of the width.
        width = exact.high - exact.low
        assert [quick[name].low, quick[name].high] == pytest.approx([exact.low, exact.high], abs=0.25 * width)
