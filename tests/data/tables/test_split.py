"""How rows are dealt: shares, order, what stays together, and that a seed means the same everywhere."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Data, Split
from switchyard.data.parts import PARTS, random_order
from switchyard.data.tables.split import split
from switchyard.errors import InputError, SwitchyardError

ROOT = Path(__file__).resolve().parents[3]
DATA = Data(uri="t.csv", target="y", group="g", time="t")


def table(rows: int = 1000) -> pl.LazyFrame:
    random = np.random.default_rng(1)
    start = dt.datetime(2024, 1, 1)
    return pl.LazyFrame(
        {
            "row": range(rows),
            "g": random.integers(0, 60, rows),
            "t": [start + dt.timedelta(days=int(day)) for day in random.integers(0, 80, rows)],
            "y": np.where(random.random(rows) < 0.1, "rare", "often"),
        }
    )


def parts_of(folder: Path, frame: pl.LazyFrame, method: str, seed: int = 7, task: str = "classification", **shares):
    data_set = split(frame, Split(method=method, **shares), DATA, task, seed, folder)
    assert data_set.parts == PARTS
    return [data_set.scan(part).collect() for part in PARTS]


@pytest.mark.parametrize("method", ["random", "stratified", "group", "time"])
def test_every_row_is_in_one_part_in_the_source_s_order(tmp_path, method):
    source = table()
    parts = parts_of(tmp_path, source, method)
    assert pl.concat(parts).sort("row").equals(source.collect())
    for part in parts:
        assert part["row"].is_sorted()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test.parquet", "train.parquet", "validation.parquet"]


@pytest.mark.parametrize(("method", "slack"), [("random", 0), ("stratified", 2), ("group", 30), ("time", 30)])
def test_parts_have_their_shares(tmp_path, method, slack):
    parts = parts_of(tmp_path, table(), method, validation=0.1, test=0.3)
    for part, wanted in zip(parts, (600, 100, 300), strict=True):
        assert abs(part.height - wanted) <= slack


def test_stratified_parts_have_the_same_share_of_each_class(tmp_path):
    shares = [(part["y"] == "rare").mean() for part in parts_of(tmp_path, table(), "stratified")]
    whole = (table().collect()["y"] == "rare").mean()
    assert max(abs(share - whole) for share in shares) < 0.004


def test_stratified_gives_three_rows_of_a_class_to_three_parts(tmp_path):
    frame = pl.LazyFrame({"y": ["a"] * 50 + ["b"] * 3})
    assert [part["y"].n_unique() for part in parts_of(tmp_path, frame, "stratified")] == [2, 2, 2]


def test_no_group_is_in_two_parts(tmp_path):
    groups = [set(part["g"]) for part in parts_of(tmp_path, table(), "group")]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 60


def test_three_groups_of_any_size_fill_three_parts(tmp_path):
    frame = pl.LazyFrame({"g": ["a"] * 90 + ["b"] * 5 + ["c"] * 5, "y": ["u", "v"] * 50})
    for seed in range(6):
        assert all(part.height for part in parts_of(tmp_path, frame, "group", seed, task="regression"))


def test_time_goes_forward_and_ties_stay_together(tmp_path):
    train, validation, test = parts_of(tmp_path, table(), "time")
    assert train["t"].max() < validation["t"].min()
    assert validation["t"].max() < test["t"].min()


@pytest.mark.parametrize("method", ["random", "stratified", "group"])
def test_another_seed_is_another_split(tmp_path, method):
    one, other = (set(parts_of(tmp_path, table(), method, seed)[2]["row"]) for seed in (1, 2))
    assert len(one & other) < 120  # of about 200; 40 are expected by chance


def test_seed_decides_nothing_where_time_does(tmp_path):
    one, other = (parts_of(tmp_path, table(), "time", seed)[2] for seed in (1, 2))
    assert one.equals(other)


def test_random_order_never_changes():
    # PCG64's raw stream is guaranteed by NumPy; whoever changes how it is used changes every split made so far.
    assert random_order(10, 7).tolist() == [6, 3, 4, 9, 0, 2, 8, 7, 5, 1]


SPLIT_IN_A_PROCESS = """
import sys
from pathlib import Path
import polars as pl
from switchyard.config.sections import Data, Split
from switchyard.data.tables.split import split
for method in ("random", "stratified", "group", "time"):
    split(pl.scan_parquet(sys.argv[1]), Split(method=method), Data(uri="t", target="y", group="g", time="t"),
          "classification", 7, Path(sys.argv[2]) / method)
"""


def test_bytes_are_the_same_in_any_process_with_any_threads_and_hash_seed(tmp_path):
    table(200_000).collect().write_parquet(tmp_path / "t.parquet", row_group_size=30_000)
    digests = []
    for threads in ("1", "5"):
        folder = tmp_path / threads
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": threads}
        command = [sys.executable, "-c", SPLIT_IN_A_PROCESS, str(tmp_path / "t.parquet"), str(folder)]
        subprocess.run(command, check=True, env=environment)
        files = sorted(folder.rglob("*.parquet"))
        digests.append({path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert len(digests[0]) == 12
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("columns", "method", "task", "data", "named"),
    [
        ({"y": ["a", "b"] * 20}, "stratified", "regression", {}, "split.method: stratified"),
        ({"y": ["a", "b"] * 20}, "group", "classification", {}, "data.group is not set"),
        ({"y": ["a", "b"] * 20}, "time", "classification", {}, "data.time is not set"),
        ({"y": ["a", "b"] * 20}, "group", "classification", {"group": "g"}, "data.group: 'g' is no column"),
        (
            {"y": ["a"] * 9, "g": ["u", None, "v"] * 3},
            "group",
            "regression",
            {"group": "g"},
            "column g is null in 3 of 9",
        ),
        (
            {"y": ["a"] * 3, "t": [1.0, float("nan"), 2.0]},
            "time",
            "regression",
            {"time": "t"},
            "column t is null in 1 of 3",
        ),
        (
            {"y": ["a"] * 3, "t": ["1/2/24", "2/1/24", "3/1/23"]},
            "time",
            "regression",
            {"time": "t"},
            "does not sort by time",
        ),
        ({"y": ["a"] * 9, "g": ["u", "v", "v"] * 3}, "group", "regression", {"group": "g"}, "group leaves no row for"),
        ({"y": [1.0, 2.0]}, "random", "regression", {}, "random leaves no row for"),
        (
            {"y": ["a"] * 40 + ["b"] * 2},
            "stratified",
            "classification",
            {},
            "class 'b' of column y in .* 2 rows in all",
        ),
        ({"y": ["a"] * 40 + ["b"]}, "random", "classification", {}, "class 'b' of column y in .* 1 row in all"),
        ({"y": ["a"] * 40 + [None] * 2}, "random", "classification", {}, "column y is null in 2 of 42"),
        (
            {"y": ["a", "b"] * 10 + ["a"] * 20, "t": range(40)},
            "time",
            "classification",
            {"time": "t"},
            "time leaves no row of class 'b' of column y in validation .*10 rows in all",
        ),
    ],
)
def test_table_that_cannot_be_split_so(tmp_path, columns, method, task, data, named):
    with pytest.raises(InputError, match=named):
        split(pl.LazyFrame(columns), Split(method=method), Data(uri="t", target="y", **data), task, 7, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SwitchyardError, match=f"^{tmp_path / 'file' / 'out'}: the split cannot be written"):
        parts_of(tmp_path / "file" / "out", table(), "random")


def test_failure_while_writing_leaves_the_folder_as_it_was(tmp_path):
    parts_of(tmp_path, table(), "random")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rows = 400_000
    late = pl.Series("late", ["1"] * (rows - 1) + ["x"])
    breaks_at_the_end = table(rows).with_columns(pl.lit(late)).with_columns(pl.col("late").cast(pl.Int64))
    with pytest.raises(pl.exceptions.InvalidOperationError):
        parts_of(tmp_path, breaks_at_the_end, "random")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


FULL_DISK = """
import resource, signal
import sys
from pathlib import Path
import numpy as np
import polars as pl
from switchyard.data.write_parts import write_parts
from switchyard.errors import SwitchyardError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
rows = 300_000
frame = pl.LazyFrame({"x": np.random.default_rng(0).normal(size=rows)})
try:
    write_parts(frame, np.arange(rows, dtype=np.uint8) % 3, ("a", "b", "c"), Path(sys.argv[1]))
except SwitchyardError as error:
    print(error)
"""


def test_full_disk_names_the_folder_and_leaves_no_file(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "out")]
    done = subprocess.run(
        command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"{tmp_path / 'out'}: the disk is full")
    assert list((tmp_path / "out").iterdir()) == []
