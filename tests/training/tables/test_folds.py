"""Cross-validation deals rows as the split did: by group, by time, with every class in each fold."""

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Split
from switchyard.errors import InputError
from switchyard.training.tables.folds import assign_folds
from switchyard.training.tables.target import fit_target


def dealt(use_case, rows, count=4):
    target = fit_target(rows, use_case.data, use_case.task)
    return assign_folds(rows, target, data=use_case.data, split=use_case.split, count=count, seed=3)


def data(target, **roles):
    return {"uri": "x", "target": target, **roles}


@pytest.mark.parametrize("target", ["binary", "price"])
def test_every_row_is_scored_once_and_never_learned_from_then(houses, rows, target):
    folds = dealt(houses.config(target, data=data(target)), rows)
    assert sorted(np.concatenate([score for _, score in folds])) == list(range(rows.height))
    for learn, score in folds:
        assert not set(learn) & set(score)
        assert len(learn) + len(score) == rows.height


def test_classes_keep_their_shares(houses, rows):
    for _, score in dealt(houses.config("three", data=data("three")), rows):
        shares = np.bincount(rows["three"].to_numpy()[score])[1:] / len(score)
        np.testing.assert_allclose(shares, [0.4, 0.35, 0.25], atol=0.02)


@pytest.mark.parametrize("target", ["binary", "price"])
def test_a_group_is_never_on_both_sides(houses, rows, target):
    streets = rows["street"].to_numpy()
    for learn, score in dealt(houses.config(target, data=data(target, group="street")), rows):
        assert not set(streets[learn]) & set(streets[score])


def test_by_time_only_the_past_is_learned_from(houses, rows):
    use_case = houses.config(data=data("binary", time="sold"), split=Split(method="time"))
    sold = rows["sold"].to_numpy()
    for learn, score in dealt(use_case, rows):
        assert sold[learn].max() <= sold[score].min()


def test_too_many_folds_is_one_sentence(houses, rows):
    with pytest.raises(InputError, match=r"search\.folds is 50, but there are only 40 groups of 'street'"):
        dealt(houses.config(), rows, count=50)
    with pytest.raises(InputError, match=r"search\.folds is 50, but there are only 20 rows"):
        dealt(houses.config(data=data("binary")), rows[:20], count=50)


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_class_missing_from_a_fold_is_one_sentence(houses, rows):
    rare = rows.with_columns(binary=pl.Series(["yes"] * 398 + ["no"] * 2))
    use_case = houses.config(data=data("binary"), metrics={"primary": "roc_auc"})
    with pytest.raises(InputError, match=r"roc_auc has no value on the \d+ rows of fold \d of 3"):
        houses.fit(use_case, "logistic_regression", rare, rows[:10])


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_classes_smaller_than_the_folds_are_one_sentence(houses, rows):
    few = pl.concat([rows.filter(binary="yes")[:2], rows.filter(binary="no")[:3]])
    with pytest.raises(InputError, match=r"search\.folds is 4, which these rows cannot fill: .*Lower search\.folds"):
        dealt(houses.config(data=data("binary")), few)
