"""The contract on small tables, each broken on purpose in one place."""

from __future__ import annotations

import datetime as dt
import json
import math

import polars as pl
import pytest

from switchyard.config.sections import Contract
from switchyard.data.casting import cast
from switchyard.data.tables.contract.contract import check
from switchyard.errors import InputError

TARGET = pl.Series("y", ["a", "b", "a", "b"])


def contract(table: dict | None = None, **columns: dict) -> Contract:
    return Contract.model_validate({"columns": {**columns, "y": {"type": "string"}}, "table": table or {}})


def violations(column: dict, values: pl.Series | list, **options):
    """What the contract finds in a table of one column `x` and a good target."""
    series = pl.Series("x", values) if isinstance(values, list) else values.alias("x")
    target = pl.Series("y", ["a", "b"] * len(series)).head(len(series))
    report = check(pl.LazyFrame([series, target]), contract(x=column, **options), "y")
    json.dumps(report.to_dict(), allow_nan=False)
    return {(v.column, v.rule): v for v in report.violations}


def examples(violation) -> list[tuple]:
    return [(example.row, example.value) for example in violation.examples]


@pytest.mark.parametrize(
    ("column", "values", "rule", "found"),
    [
        ({"type": "number", "max": 100}, ["1", "140", "100", "212"], "max", [(2, "140"), (4, "212")]),
        ({"type": "number", "nullable": True, "min": 0}, [1.0, -0.5, 0.0, math.nan], "min", [(2, -0.5)]),
        ({"type": "integer", "min": 1}, [1, 0, 2, 3], "min", [(2, 0)]),
        ({"type": "integer", "max": 2.5}, [1, 2, 3, 2], "max", [(3, 3)]),
        ({"type": "string", "allowed": ["u", "v"]}, ["u", "w", "v", "u"], "allowed", [(2, "w")]),
        ({"type": "string", "allowed": [1, 2]}, ["1", "2", "3", "1"], "allowed", [(3, "3")]),
        ({"type": "integer", "allowed": [1, 2]}, [" 1", "2.0", "3", "1"], "allowed", [(3, "3")]),
        ({"type": "boolean", "allowed": [True]}, ["yes", "no", "1", "true"], "allowed", [(2, "no")]),
        ({"type": "string", "pattern": "[a-z]+"}, ["ab", "aB", "b", "c\n"], "pattern", [(2, "aB"), (4, "c\n")]),
        ({"type": "string", "pattern": "a|b"}, ["a", "ab", "b", "a"], "pattern", [(2, "ab")]),
        ({"type": "string", "unique": True}, ["a", "b", "a", "a"], "unique", [(3, "a"), (4, "a")]),
        ({"type": "integer", "unique": True}, ["1", "1.0", "2", " 1"], "unique", [(2, "1.0"), (4, " 1")]),
        ({"type": "string", "unique": True, "nullable": True}, [None, "a", None, "a"], "unique", [(4, "a")]),
        ({"type": "integer"}, ["3.0", " 3", "3.5", "1e3"], "type", [(3, "3.5")]),
        ({"type": "integer"}, [1.0, 2.5, 3.0, 4.0], "type", [(2, 2.5)]),
        ({"type": "number"}, ["1", "x", "-2e3", "inf"], "type", [(2, "x"), (4, "inf")]),
        ({"type": "number"}, [1.0, math.inf, 2.0, 3.0], "type", [(2, "inf")]),
        ({"type": "boolean"}, ["TRUE", "0", "maybe", "no"], "type", [(3, "maybe")]),
        ({"type": "boolean"}, [0, 1, 2, 1], "type", [(3, 2)]),
        (
            {"type": "datetime"},
            ["2024-02-30", "2024-02-29", "2024-02-29T10:00:00Z", "soon"],
            "type",
            [(1, "2024-02-30"), (4, "soon")],
        ),
        ({"type": "datetime"}, [1, 2, 3, 4], "type", [(1, 1), (2, 2), (3, 3), (4, 4)]),
        ({"type": "string"}, ["a", None, "b", None], "nullable", [(2, None), (4, None)]),
        ({"type": "number"}, [1.0, math.nan, None, 2.0], "nullable", [(2, "nan"), (3, None)]),
        ({"type": "number"}, ["1", "NaN", None, "2"], "nullable", [(2, "NaN"), (3, None)]),
    ],
)
def test_broken_rule_is_counted_with_its_rows(column, values, rule, found):
    broken = violations(column, values)
    assert list(broken) == [("x", rule)]
    assert broken["x", rule].count == len(found)
    assert examples(broken["x", rule]) == found


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ({"type": "string", "nullable": True, "allowed": ["a"]}, ["a", None, "a", None]),
        ({"type": "string", "nullable": True, "unique": True}, ["a", None, "b", None]),
        ({"type": "number", "nullable": True, "min": 0, "max": 1}, [0.0, math.nan, None, 1.0]),
        ({"type": "number", "nullable": True}, ["1", "nan", None, " 2.5 "]),
        ({"type": "string", "allowed": ["a", "b"]}, pl.Series(["a", "b", "a", "b"], dtype=pl.Categorical)),
        ({"type": "string", "pattern": "[ab]"}, pl.Series(["a", "b", "a", "b"], dtype=pl.Enum(["a", "b"]))),
        ({"type": "integer"}, pl.Series(["1", "2", "3", "4"], dtype=pl.Categorical)),
        ({"type": "datetime"}, [dt.date(2024, 1, 1)] * 4),
        ({"type": "datetime", "allowed": ["2024-01-01"]}, [dt.date(2024, 1, 1)] * 4),
        ({"type": "number", "max": 10}, [1, 2, 3, 10]),
        ({"type": "string"}, ["", "", "", ""]),
        ({"type": "number", "nullable": True, "min": 0}, pl.Series([None] * 4)),
    ],
)
def test_good_values_pass(column, values):
    assert violations(column, values) == {}


def test_examples_are_the_first_five_and_the_count_is_whole():
    broken = violations({"type": "integer", "max": 0}, list(range(1, 2001)))
    assert broken["x", "max"].count == 2000
    assert [row for row, _ in examples(broken["x", "max"])] == [1, 2, 3, 4, 5]


def test_example_of_a_very_long_text_is_cut():
    broken = violations({"type": "string", "pattern": "a"}, ["b" * 10_000, "a", "a", "a"])
    assert len(broken["x", "pattern"].examples[0].value) < 300


def test_rows_are_those_of_a_large_file_in_many_row_groups(tmp_path):
    rows = 300_000
    values = pl.Series("x", range(rows))
    values[222_221] = -5
    values[299_999] = 17  # repeats row 18
    pl.DataFrame([values, pl.Series("y", ["a", "b"] * (rows // 2))]).write_parquet(
        tmp_path / "t.parquet", row_group_size=10_000
    )
    report = check(
        pl.scan_parquet(tmp_path / "t.parquet"), contract(x={"type": "integer", "min": 0, "unique": True}), "y"
    )
    found = {v.rule: [(e.row, e.value) for e in v.examples] for v in report.violations}
    assert found == {"min": [(222_222, -5)], "unique": [(300_000, 17)]}
    assert report.rows == rows


def test_missing_column_and_too_few_rows():
    report = check(pl.LazyFrame([TARGET]), contract({"min_rows": 10}, x={"type": "number"}), "y", "t.csv")
    assert [(v.column, v.rule) for v in report.violations] == [("x", "missing"), (None, "min_rows")]
    assert report.sentence().startswith("t.csv: column x is missing")


def test_duplicate_rows_compare_every_column_of_the_source():
    frame = pl.LazyFrame({"x": ["1", "2", "1", "1"], "other": ["p", "q", "p", "z"], "y": ["a", "b", "a", "a"]})
    report = check(frame, contract({"max_duplicate_rows": 0}, x={"type": "integer"}), "y")
    (violation,) = report.violations
    assert (violation.rule, violation.count) == ("max_duplicate_rows", 1)
    assert examples(violation) == [(3, "same as row 1")]
    assert report.unchecked == ("other",)
    assert check(frame, contract({"max_duplicate_rows": 1}, x={"type": "integer"}), "y").passed


def test_swapped_values_and_null_against_empty_are_no_duplicates():
    frame = pl.LazyFrame({"x": ["a", "b", "", None], "z": ["b", "a", None, ""], "y": ["a", "b", "a", "a"]})
    nullable = {"type": "string", "nullable": True}
    assert check(frame, contract({"max_duplicate_rows": 0}, x=nullable, z=nullable), "y").passed


def test_sentence_names_column_rule_count_and_rows():
    ages = ["1"] * 1309
    ages[11], ages[87] = "140", "212"
    frame = pl.LazyFrame({"age": ages, "y": ["a", "b"] * 654 + ["a"]})
    report = check(frame, contract(age={"type": "number", "max": 100}), "y", "titanic.csv")
    assert (
        report.sentence()
        == "titanic.csv: column age breaks max: 2 of 1,309 rows are above 100 (row 12: 140, row 88: 212)"
    )


def test_stats_are_those_of_the_column():
    frame = pl.LazyFrame({"x": ["3", None, "-1.5", "2"], "y": TARGET})
    report = check(frame, contract(x={"type": "number", "nullable": True}), "y")
    assert report.columns["x"] == {"type": "number", "source_type": "String", "nulls": 1, "min": -1.5, "max": 3.0}


def test_target_may_have_no_nulls_even_if_the_contract_allows_them():
    asked = Contract.model_validate({"columns": {"y": {"type": "string", "nullable": True}}})
    report = check(pl.LazyFrame({"y": ["a", None, "b"]}), asked, "y")
    assert [(v.column, v.rule, v.count) for v in report.violations] == [("y", "nullable", 1)]


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        ({"x": ["1", "2"]}, "target column y is not in the data"),
        ({"x": ["1", "2"], "y": ["a", "a"]}, "the target 'y' has the same value 'a' in all 2 rows"),
    ],
)
def test_data_that_cannot_be_trained_on(frame, named):
    with pytest.raises(InputError, match=f"^t.csv: .*{named}"):
        check(pl.LazyFrame(frame), contract(x={"type": "number", "nullable": True}), "y", "t.csv")


def test_target_that_is_not_in_the_contract():
    with pytest.raises(InputError, match=r"^data\.target: 'z'"):
        check(pl.LazyFrame([TARGET]), contract(), "z")


def test_cast_gives_the_contract_s_columns_order_and_types():
    frame = pl.LazyFrame(
        {
            "extra": ["e", "f"],
            "when": ["2024-01-02", "2024-01-02T03:04:05+02:00"],
            "flag": ["Yes", "0.0"],
            "n": ["3.0", "9007199254740993"],
            "x": [" 2.5", "nan"],
            "s": ["a", None],
        }
    )
    types = {"s": "string", "n": "integer", "x": "number", "flag": "boolean", "when": "datetime"}
    asked = Contract.model_validate({"columns": {name: {"type": kind} for name, kind in types.items()}})
    typed = cast(frame, asked).collect()
    assert list(typed.schema.items()) == [
        ("s", pl.String()),
        ("n", pl.Int64()),
        ("x", pl.Float64()),
        ("flag", pl.Boolean()),
        ("when", pl.Datetime("us")),
    ]
    assert typed.rows() == [
        ("a", 3, 2.5, True, dt.datetime(2024, 1, 2)),
        (None, 9007199254740993, None, False, dt.datetime(2024, 1, 2, 1, 4, 5)),
    ]
