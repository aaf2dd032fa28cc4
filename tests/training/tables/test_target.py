"""What a target may be, and what is said when it cannot be learned."""

import polars as pl
import pytest

from switchyard.config.sections import Data
from switchyard.errors import InputError
from switchyard.training.tables.target import fit_target


def target(values, task="classification", **roles):
    return fit_target(pl.DataFrame({"y": values}), Data.model_validate({"uri": "x", "target": "y", **roles}), task)


def test_classes_are_sorted_and_the_second_of_two_is_positive():
    found = target(["yes", "no", "yes"])
    assert (found.classes, found.positive) == (("no", "yes"), "yes")
    assert found.encode(pl.DataFrame({"y": ["yes", "no"]})).tolist() == [1, 0]


def test_config_names_the_positive_class():
    assert target(["yes", "no"], positive="no").positive == "no"


def test_three_classes_have_no_positive_one():
    assert target([3, 1, 2]).positive is None


@pytest.mark.parametrize(
    ("values", "task", "roles", "message"),
    [
        (["a", "b", None], "classification", {}, "target column 'y' is missing in 1 training rows"),
        (["a", "a"], "classification", {}, "the training rows: the target 'y' has the same value 'a' in all 2 rows"),
        ([1.5, 1.5], "regression", {}, "the same value 1.5 in all 2 rows"),
        ([0.5, 1.5], "classification", {}, "target column 'y' holds Float64 values, which are no classes"),
        ([1.0, 1e39], "regression", {}, r"target column 'y' holds a number beyond float32 \(3\.4e38\)"),
        ([], "classification", {}, "no rows"),
        (["a", "b"], "classification", {"positive": "c"}, r"data\.positive is 'c', but the target 'y' holds 'a', 'b'"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence(values, task, roles, message):
    with pytest.raises(InputError, match=message):
        target(values, task, **roles)
