import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from switchyard.config.sections import Costs
from switchyard.evaluation.thresholds import thresholds
from tests.evaluation.answers import two_classes

COSTS = Costs(false_positive=2, false_negative=7, true_positive=-1.5, true_negative=0.25)


def survivors(seed=0, rows=300, digits=15):
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.35
    return truth.astype(int), np.round(1 / (1 + np.exp(-(rng.normal(size=rows) * 1.2 + 2 * truth - 1))), digits)


def by_loop(truth, score, threshold, costs):
    """Row by row."""
    total = 0.0
    for is_positive, p in zip(truth == 1, score, strict=True):
        if p >= threshold:
            total += costs.true_positive if is_positive else costs.false_positive
        else:
            total += costs.false_negative if is_positive else costs.true_negative
    return total / len(truth)


def test_each_row_of_the_table_is_that_of_a_confusion_matrix():
    truth, score = survivors(digits=2)  # some scores are thresholds themselves

    found = thresholds(two_classes(truth, score), COSTS)

    assert len(found["rows"]) in (19, 20)
    for row in found["rows"]:
        called = score >= row["threshold"]
        (tn, fp), (fn, tp) = confusion_matrix(truth, called, labels=[0, 1])
        assert row["recall"] == pytest.approx(tp / (tp + fn))
        assert row["false_positive_rate"] == pytest.approx(fp / (fp + tn))
        assert row["selected"] == pytest.approx(called.mean())
        assert row["precision"] == pytest.approx(tp / (tp + fp)) if tp + fp else row["precision"] is None
        assert row["cost"] == pytest.approx(by_loop(truth, score, row["threshold"], COSTS))


@pytest.mark.parametrize("digits", [1, 15])
@pytest.mark.parametrize("costs", [COSTS, Costs(), Costs(false_negative=40), Costs(false_positive=40)], ids=str)
def test_no_threshold_is_cheaper(digits, costs):
    truth, score = survivors(1, digits=digits)
    every = [0.0, 1.0, *np.unique(score), *np.linspace(0, 1, 501)]
    lowest = min(by_loop(truth, score, threshold, costs) for threshold in every)

    found = thresholds(two_classes(truth, score), costs)

    assert found["lowest_cost"]["cost"] == pytest.approx(lowest)
    assert by_loop(truth, score, found["lowest_cost"]["threshold"], costs) == pytest.approx(lowest)
    assert found["lowest_cost"] in [{"threshold": row["threshold"], "cost": row["cost"]} for row in found["rows"]]
    assert found["default"] == {"threshold": 0.5, "cost": pytest.approx(by_loop(truth, score, 0.5, costs))}


def test_of_equally_cheap_thresholds_it_is_the_one_nearest_a_half():
    perfect = two_classes([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    high = two_classes([0, 0, 1, 1], [0.1, 0.8123, 0.9123, 0.95])
    low = two_classes([0, 1, 1, 1], [0.1, 0.3123, 0.4, 0.9])

    found = [thresholds(each, Costs())["lowest_cost"]["threshold"] for each in (perfect, high, low)]

    assert found == [0.5, 0.82, 0.31]  # with no more digits than it takes


def test_a_dearer_half_does_not_hide_the_nearest_of_two_cheapest():
    # One error from 0.1 to 0.2 and from 0.7 to 0.8, two in between.
    found = thresholds(two_classes([0, 1, 0, 1], [0.1, 0.2, 0.7, 0.8]), Costs())

    assert found["lowest_cost"] == {"threshold": 0.71, "cost": 0.25}
    assert found["default"]["cost"] == 0.5


def test_a_threshold_has_the_digits_that_it_takes():
    narrow = two_classes([0, 0, 1, 1], [0.1, 0.81231, 0.81234, 0.95])

    assert thresholds(narrow, Costs())["lowest_cost"]["threshold"] == pytest.approx(0.8123105, abs=1e-5)


def test_the_positive_class_is_the_cards():
    truth, score = survivors(2)
    first = thresholds(two_classes(truth, score, positive=0), Costs(false_negative=5))
    mirrored = thresholds(two_classes(1 - truth, 1 - score), Costs(false_negative=5))

    assert first == mirrored


def test_a_label_that_the_model_never_saw_is_not_the_positive_one():
    found = thresholds(two_classes([1, -1, 0, -1], [0.9, 0.9, 0.1, 0.1]), Costs(false_positive=3))

    assert found["default"]["cost"] == 3 / 4


@pytest.mark.parametrize(("truth", "score"), [([1], [0.3]), ([0, 0], [0.0, 1.0]), ([1, 1, 1], [1.0, 1.0, 1.0])])
def test_one_class_only_leaves_a_rate_without_value(truth, score):
    found = thresholds(two_classes(truth, score), Costs())

    json.dumps(found, allow_nan=False)
    missing = "recall" if not any(truth) else "false_positive_rate"
    assert {row[missing] for row in found["rows"]} == {None}


def test_the_costs_are_told():
    assert thresholds(two_classes([0, 1], [0.2, 0.7]), COSTS)["costs"] == {
        "false_positive": 2,
        "false_negative": 7,
        "true_positive": -1.5,
        "true_negative": 0.25,
    }
