import json

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Metrics, Slices
from switchyard.evaluation.tables.fairness import fairness
from switchyard.evaluation.tables.grouping import by_bins, by_value
from switchyard.statistics.proportions import wilson
from tests.evaluation.answers import two_classes

METRICS = Metrics(primary="roc_auc", bootstrap=300)


def people(rates, rows=400, seed=0, share=0.5):
    """By group, how often a positive and a negative row are selected."""
    rng = np.random.default_rng(seed)
    group = np.repeat(list(rates), rows)
    truth = rng.random(len(group)) < share
    wanted = np.array([rates[name][0 if positive else 1] for name, positive in zip(group, truth, strict=True)])
    called = rng.random(len(group)) < wanted
    return pl.Series("g", group.tolist()), two_classes(truth.astype(int), np.where(called, 0.9, 0.1))


def measured(column, answers, settings=None, metrics=METRICS, seed=1):
    found = fairness(answers, {"g": by_value(column)}, settings or Slices(), metrics, seed)
    json.dumps(found, allow_nan=False)
    return found["g"]


def test_rates_are_those_of_a_plain_count():
    column, answers = people({"a": (0.9, 0.4), "b": (0.6, 0.2), "c": (0.7, 0.3)})

    found = measured(column, answers)

    for name, group in found["groups"].items():
        inside = [i for i, value in enumerate(column) if value == name]
        selected = [i for i in inside if answers.predicted[i] == 1]
        positive = [i for i in inside if answers.truth[i] == 1]
        hits = [i for i in positive if answers.predicted[i] == 1]
        assert group["rows"] == len(inside) == group["selection_rate"]["n"]
        assert group["selection_rate"]["value"] == pytest.approx(len(selected) / len(inside))
        assert group["true_positive_rate"]["value"] == pytest.approx(len(hits) / len(positive))
        assert group["true_positive_rate"]["n"] == len(positive)
        low, high = wilson(np.array(len(hits) / len(positive)), np.array(float(len(positive))), 0.95)
        assert [group["true_positive_rate"][end] for end in ("low", "high")] == pytest.approx([low, high])
    for rate, difference in (
        ("selection_rate", "selection_rate_difference"),
        ("true_positive_rate", "equal_opportunity_difference"),
    ):
        rates = [group[rate]["value"] for group in found["groups"].values()]
        assert found[difference]["value"] == pytest.approx(max(rates) - min(rates))
        assert found[difference]["n"] == sum(group[rate]["n"] for group in found["groups"].values())


def test_a_planted_difference_is_found_and_equal_treatment_may_be_none():
    unfair = measured(*people({"a": (0.9, 0.3), "b": (0.6, 0.3)}))
    fair = measured(*people({"a": (0.8, 0.3), "b": (0.8, 0.3), "c": (0.8, 0.3)}))

    assert 0.1 < unfair["equal_opportunity_difference"]["low"] < 0.3 < unfair["equal_opportunity_difference"]["high"]
    assert fair["equal_opportunity_difference"]["low"] == fair["selection_rate_difference"]["low"] == 0
    assert fair["selection_rate_difference"]["value"] > 0


def test_groups_that_are_too_small_are_named_and_left_out():
    column, answers = people({"a": (0.8, 0.3), "b": (0.7, 0.3), "rare": (0.0, 0.0)}, rows=200)
    keep = np.r_[0:400, 400:420]
    few = two_classes(answers.truth[keep], answers.probabilities[keep, 1])

    found = measured(column[keep], few)

    assert found["groups"]["rare"]["small"] and not found["groups"]["a"]["small"]
    assert found["left_out"] == {"selection_rate_difference": ["rare"], "equal_opportunity_difference": ["rare"]}
    assert found["selection_rate_difference"]["value"] < 0.3


def test_a_true_positive_rate_must_rest_on_enough_positive_rows():
    column, answers = people({"a": (0.8, 0.3), "b": (0.7, 0.3)}, rows=100, share=0.5)
    truth = np.where((column == "b").to_numpy() & (np.arange(200) < 180), 0, answers.truth)

    found = measured(column, two_classes(truth, answers.probabilities[:, 1]))

    assert found["left_out"] == {"selection_rate_difference": [], "equal_opportunity_difference": ["b"]}
    assert found["equal_opportunity_difference"]["value"] is None
    assert found["selection_rate_difference"]["value"] is not None


def test_a_group_without_positive_rows_has_no_true_positive_rate():
    found = measured(pl.Series("g", ["a", "b"] * 50), two_classes([1, 0] * 50, [0.9, 0.9] * 50))

    assert found["groups"]["b"]["true_positive_rate"] == {"value": None, "low": None, "high": None, "n": 0}
    assert found["selection_rate_difference"]["value"] == 0


def test_one_group_only_differs_from_nothing():
    found = measured(pl.Series("g", ["a"] * 50), two_classes([1, 0] * 25, [0.9] * 50))

    assert found["selection_rate_difference"] == {"value": None, "low": None, "high": None, "n": 50}


def test_everybody_selected_still_leaves_room_for_chance():
    found = measured(pl.Series("g", ["a", "b"] * 40), two_classes([1, 0] * 40, [0.9] * 80))["selection_rate_difference"]

    assert (found["value"], found["low"]) == (0, 0)
    assert 0 < found["high"] < 0.2


def test_a_sensitive_number_is_cut_and_a_missing_value_is_a_group():
    ages = pl.Series("age", [10, 40, None] * 40)
    groups = {"age": by_bins(ages, (18,))}

    found = fairness(two_classes([1, 0, 1] * 40, [0.9, 0.1, 0.9] * 40), groups, Slices(), METRICS, 0)["age"]

    assert list(found["groups"]) == ["bin1", "bin2", "missing"]
    assert found["selection_rate_difference"]["value"] == 1


def test_the_positive_class_is_the_one_that_is_selected():
    column, answers = people({"a": (0.9, 0.3), "b": (0.5, 0.3)})
    first = two_classes(answers.truth, answers.probabilities[:, 1], positive=0)

    selected = [measured(column, each)["groups"]["a"]["selection_rate"]["value"] for each in (answers, first)]

    assert sum(selected) == pytest.approx(1)


def test_no_resamples_no_interval_of_a_difference():
    found = measured(*people({"a": (0.9, 0.3), "b": (0.5, 0.3)}), metrics=Metrics(primary="roc_auc", bootstrap=0))

    assert found["selection_rate_difference"]["low"] is None


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.6, 0.4), (0.95, 0.95, 0.95, 0.95), (0.9, 0.6, 0.6)], ids=str)
def test_the_interval_covers_the_true_difference_about_as_often_as_it_says(rates):
    covered = []
    for run in range(200):
        column, answers = people({str(i): (rate, rate) for i, rate in enumerate(rates)}, rows=60, seed=run)
        found = measured(column, answers, seed=run)["selection_rate_difference"]
        covered.append(found["low"] <= max(rates) - min(rates) + 1e-12 and max(rates) - min(rates) <= found["high"])

    # 95 % asked, three standard errors of 200 runs are 4.6 %.
    assert np.mean(covered) >= 0.90
