import polars as pl
import pytest

from switchyard.statistics.labels import encode, positions, positive_position


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (["died", "survived"], ["died", "survived"]),
        ([0, 1], [0, 1]),
        ([0, 1], ["0", "1"]),
        ([0.0, 1.0], [0, 1]),
        ([False, True], [False, True]),
        (["false", "true"], [False, True]),
        ([0, 1], [False, True]),
        ([False, True], ["false", "true"]),
        ([False, True], [0, 1]),
    ],
)
def test_a_label_is_found_whatever_type_table_and_card_have(column, classes):
    codes, unseen = encode(pl.Series(column), classes)

    assert codes.tolist() == [0, 1]
    assert unseen == {}


def test_labels_that_the_model_never_saw_are_counted():
    codes, unseen = encode(pl.Series(["a", "c", "b", "c"]), ["a", "b"])

    assert codes.tolist() == [0, -1, 1, -1]
    assert unseen == {"c": 2}


def test_categorical_columns_are_text():
    codes, _ = encode(pl.Series(["b", "a"], dtype=pl.Categorical), ["a", "b"])

    assert codes.tolist() == [1, 0]


def test_similar_labels_stay_apart():
    assert positions(["1", "1.0", "01"], ["1", "01"]) == {"1": 0, "1.0": -1, "01": 1}


@pytest.mark.parametrize(
    ("classes", "named", "position"),
    [
        (["no", "yes"], "no", 0),
        (["no", "yes"], None, 1),
        (["None", "some"], None, 1),
        (["no", "yes"], "maybe", 1),
        ([False, True], "true", 1),
        ([0, 1], False, 0),
        (["a", "b", "c"], "a", None),
        (["a"], "a", None),
    ],
)
def test_of_two_classes_the_named_one_is_positive_and_otherwise_the_second(classes, named, position):
    assert positive_position(classes, named) == position
