import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Contract, Features
from switchyard.evaluation.tables.grouping import (
    by_bins,
    by_quartile,
    by_value,
    crossed,
    group_rows,
    known_names,
    quartiles,
)


def contract(**columns):
    return Contract.model_validate({"columns": columns})


def groups(grouping):
    return {name: sorted(rows.tolist()) for name, rows in grouping}


def test_text_is_grouped_by_value_in_the_order_of_the_contract():
    column = pl.Series("class", ["3rd", "1st", None, "2nd", "3rd", ""])

    found = by_value(column, ["3rd", "2nd", "1st"])

    assert found.names == ("3rd", "2nd", "1st", "missing")
    assert groups(found) == {"3rd": [0, 4], "2nd": [3], "1st": [1], "missing": [2, 5]}


def test_booleans_and_whole_numbers_are_values_too():
    assert groups(by_value(pl.Series("b", [True, None, False, True]))) == {"false": [2], "true": [0, 3], "missing": [1]}
    assert groups(by_value(pl.Series("n", [3, 1, 3]))) == {"1": [1], "3": [0, 2]}


def test_dots_spaces_and_stars_are_part_of_a_value():
    assert set(groups(by_value(pl.Series("town", ["St. Louis", "New York", "a*b", "x.y z"])))) == {
        "St. Louis",
        "New York",
        "a*b",
        "x.y z",
    }


def test_of_many_values_the_largest_are_told_and_the_rest_are_counted():
    column = pl.Series("town", [f"t{i:02}" for i in range(30) for _ in range(40 - i)] + [None] * 3)

    found = by_value(column)

    assert found.names == (*(f"t{i:02}" for i in range(20)), "missing")
    assert found.note == "town has 30 values: the 20 largest are told, 155 rows are in none of them"
    assert sum(len(rows) for _, rows in found) + 155 == len(column)


def test_a_column_of_names_has_no_groups():
    found = by_value(pl.Series("name", [f"passenger {i}" for i in range(100)] + ["passenger 1"]))

    assert groups(found) == {}
    assert found.note == "name has 100 values in 101 rows, too many for groups"


def test_quartiles_are_those_of_the_training_rows():
    rng = np.random.default_rng(0)
    train = pl.DataFrame(
        {
            "age": [*rng.normal(size=699), 5.0, *[float("nan")] * 200, *[None] * 100],
            "gone": pl.Series([None] * 1000, dtype=pl.Float64),
        }
    )

    found = quartiles(train.lazy(), ["age", "gone"])

    known = train["age"].drop_nulls().drop_nans().to_numpy()
    assert found["age"] == pytest.approx(np.quantile(known, [0.25, 0.5, 0.75]), abs=0.01)
    assert found["gone"] == ()
    assert quartiles(train.lazy(), []) == {}


def test_numbers_are_cut_at_quartiles_each_in_the_lower_group():
    found = by_quartile(pl.Series("age", [1.0, 22.0, 22.5, 28.0, 38.5, 80.0, None, float("nan")]), (22.0, 28.0, 38.5))

    assert groups(found) == {"q1": [0, 1], "q2": [2, 3], "q3": [4], "q4": [5], "missing": [6, 7]}
    assert found.ranges == {"q1": "up to 22", "q2": "over 22 to 28", "q3": "over 28 to 38.5", "q4": "over 38.5"}


def test_equal_quartiles_leave_a_group_empty_and_the_names_alone():
    found = by_quartile(pl.Series("children", [0, 0, 0, 1, 2, 5]), (0.0, 0.0, 1.0))

    assert groups(found) == {"q1": [0, 1, 2], "q3": [3], "q4": [4, 5]}


def test_without_a_quartile_all_numbers_are_one_group():
    assert groups(by_quartile(pl.Series("x", [1.0, None]), ())) == {"q1": [0], "missing": [1]}


def test_the_configs_cuts_are_in_the_upper_group():
    found = by_bins(pl.Series("age", [17, 18, 59, 60, None]), (18, 60))

    assert groups(found) == {"bin1": [0], "bin2": [1, 2], "bin3": [3], "missing": [4]}
    assert found.ranges == {"bin1": "below 18", "bin2": "18 to below 60", "bin3": "60 and over"}


def test_a_pair_of_columns_is_each_pair_that_occurs():
    sex = by_value(pl.Series("sex", ["f", "m", "f", "m", "f"]))
    age = by_bins(pl.Series("age", [10, 10, 30, None, 30]), (18,))

    found = crossed(sex, age, "sex*age")

    assert groups(found) == {"f*bin1": [0], "f*bin2": [2, 4], "m*bin1": [1], "m*missing": [3]}
    assert found.ranges["f*bin2"] == "f, 18 and over"


def test_of_many_pairs_the_largest_are_told():
    rng = np.random.default_rng(1)
    one, other = (by_value(pl.Series("c", rng.choice(list("abcdefgh"), 2000).tolist())) for _ in range(2))

    found = crossed(one, other, "one*other")

    sizes = [len(rows) for _, rows in found]
    assert len(sizes) == 20
    assert (
        found.note
        == f"one*other has 64 pairs of values: the 20 largest are told, {2000 - sum(sizes):,} rows are in none of them"
    )


def test_a_pair_with_a_column_without_groups_has_none():
    names = by_value(pl.Series("name", [str(i) for i in range(50)]))

    assert groups(crossed(names, by_value(pl.Series("b", [True] * 50)), "name*b")) == {}


COLUMNS = contract(
    sex={"type": "string", "allowed": ["male", "female"]},
    town={"type": "string"},
    alone={"type": "boolean", "nullable": True},
    age={"type": "number", "nullable": True},
    rooms={"type": "integer", "allowed": [1, 2]},
    fare={"type": "number"},
)
FEATURES = Features(categorical=("sex", "rooms"))
ROWS = pl.DataFrame(
    {
        "sex": ["male", "female", "male", "male"],
        "town": ["x", "y", "x", "y"],
        "alone": [True, None, False, True],
        "age": [1.0, 25.0, None, 60.0],
        "rooms": [1, 2, 2, 1],
        "fare": [1.0, 2.0, 3.0, 4.0],
    }
)


def test_the_contract_says_how_a_column_is_grouped():
    found = group_rows(ROWS, ROWS.lazy(), COLUMNS.columns, COLUMNS, FEATURES, {"age": (18.0,)})

    assert {name: list(groups(each)) for name, each in found.items()} == {
        "sex": ["male", "female"],
        "town": ["x", "y"],
        "alone": ["false", "true", "missing"],
        "age": ["bin1", "bin2", "missing"],
        "rooms": ["1", "2"],
        "fare": ["q1", "q2", "q3", "q4"],
    }


@pytest.mark.parametrize("name", COLUMNS.columns)
def test_the_names_that_a_gate_can_know_are_those_that_come(name):
    bins = {"age": (18.0,)}
    found = group_rows(ROWS, ROWS.lazy(), [name], COLUMNS, FEATURES, bins)[name]

    known = known_names(name, COLUMNS, FEATURES, bins)

    assert known is None if name == "town" else known == found.names


def test_no_rows_have_no_groups():
    empty = ROWS.clear()

    found = group_rows(empty, ROWS.lazy(), COLUMNS.columns, COLUMNS, FEATURES, {})

    assert all(groups(each) == {} for each in found.values())
