import subprocess
import sys
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from switchyard.data.training_rows import TrainingRows, hash_rows


@pytest.fixture
def frame():
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "id": np.arange(500),
            "x": rng.normal(size=500),
            "name": [("a", "b", None, "")[each] for each in rng.integers(0, 4, 500)],
            "flag": [(True, False, None)[each] for each in rng.integers(0, 3, 500)],
            "when": [datetime(2026, 1, 1 + day % 28) for day in range(500)],
        }
    )


def test_exactly_the_rows_that_were_there_are_recognised(frame):
    seen = TrainingRows.of(frame[:300].lazy())

    assert seen.contains(frame[::-1].lazy()).tolist() == [False] * 200 + [True] * 300


@pytest.mark.parametrize(
    ("column", "value"),
    [("id", 9_999), ("x", 0.5), ("name", "c"), ("flag", None), ("when", datetime(2027, 1, 1)), ("x", None)],
)
def test_a_row_that_differs_in_any_column_is_another_row(frame, column, value):
    frame = frame.with_columns(flag=pl.lit(True))
    changed = frame.with_columns(pl.lit(value, dtype=frame.schema[column]).alias(column))

    assert not TrainingRows.of(frame.lazy()).contains(changed.lazy()).any()


def test_null_and_empty_text_are_not_the_same():
    given = [pl.DataFrame({"name": [value]}, schema={"name": pl.String}).lazy() for value in (None, "", "null")]

    assert len({int(hash_rows(each, ["name"])[0]) for each in given}) == 3


def test_values_do_not_change_places_unnoticed():
    frame = pl.DataFrame({"a": [1, 2], "b": [2, 1]}).lazy()

    assert len(set(hash_rows(frame, ["a", "b"]).tolist())) == 2


def test_order_and_number_of_columns_and_the_width_of_numbers_do_not_matter(frame):
    seen = TrainingRows.of(frame.lazy())
    other = frame.with_columns(pl.col("id").cast(pl.Float64), new=pl.lit(1)).select("new", *sorted(frame.columns)[::-1])

    assert seen.contains(other.lazy()).all()
    assert seen.missing(other.lazy()) == []
    assert seen.missing(other.drop("x", "id").lazy()) == ["id", "x"]


def test_missing_numbers_and_zeros_are_the_same_however_they_are_written():
    plain = pl.DataFrame({"x": [None, None, 0.0]}).lazy()
    other = pl.DataFrame({"x": np.array([np.nan, np.copysign(np.nan, -1), -0.0])}).lazy()

    assert hash_rows(plain, ["x"]).tolist() == hash_rows(other, ["x"]).tolist()


def test_what_is_written_is_read_again_and_takes_eight_bytes_a_row(frame, tmp_path):
    large = pl.DataFrame({"id": np.arange(100_000)})
    seen = TrainingRows.of(large.lazy())

    read = TrainingRows.read(seen.write(tmp_path))

    assert read.columns == ("id",) and read.hashes.tolist() == seen.hashes.tolist()
    assert (tmp_path / "rows.parquet").stat().st_size < 8.1 * 100_000


def test_another_process_finds_the_same_hashes():
    code = (
        "import polars as pl; from switchyard.data.training_rows import hash_rows;"
        "print(hash_rows(pl.DataFrame({'a': ['x', None], 'b': [1.5, 2]}).lazy(), ['a', 'b']).tolist())"
    )
    found = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]

    assert found[0] == found[1] == "[15068065762436001769, 8503147617350058382]\n"


def test_a_table_without_rows_has_no_row(frame):
    nothing = TrainingRows.of(frame[:0].lazy())

    assert not nothing.contains(frame.lazy()).any()
    assert nothing.contains(frame[:0].lazy()).tolist() == []
