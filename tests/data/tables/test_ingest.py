"""The source becomes one Parquet file, whole or not at all."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from switchyard.config.sections import Column, Contract, Data
from switchyard.data.tables.ingest import ingest
from switchyard.data.tables.source import inspect
from switchyard.errors import InputError, SwitchyardError

ROWS = "id,when,label\n007,2026-01-31,yes\n2,NA,no\n\n3,,yes\n,,\n"
CONTRACT = Contract(columns={name: Column(type="string", nullable=True) for name in ("id", "when", "label")})


def found(root: Path, uri: str = "t.csv", **data):
    section = Data(uri=uri, target="label", **data)
    return inspect(section, CONTRACT, "classification", root), section


def names(folder: Path) -> list[str]:
    return [item.name for item in folder.iterdir()]


@pytest.fixture
def source(tmp_path):
    (tmp_path / "t.csv").write_text(ROWS)
    return tmp_path


def test_csv_stays_text_with_the_nulls_of_the_config(source, tmp_path):
    look, data = found(source, nulls=("", "NA"))
    made = ingest(look, data, tmp_path / "out")
    table = pl.read_parquet(tmp_path / "out" / "raw.parquet")
    assert table.rows() == [("007", "2026-01-31", "yes"), ("2", None, "no"), ("3", None, "yes")]
    assert (made.rows, made.columns, made.fingerprint) == (3, ("id", "when", "label"), look.fingerprint)
    assert made.bytes == (tmp_path / "out" / "raw.parquet").stat().st_size
    assert names(tmp_path / "out") == ["raw.parquet"]


def test_only_what_the_config_lists_is_null(source, tmp_path):
    look, data = found(source, nulls=("NA",))
    ingest(look, data, tmp_path / "out")
    assert pl.read_parquet(tmp_path / "out" / "raw.parquet")["when"].to_list() == ["2026-01-31", None, ""]


def test_parquet_keeps_its_types_and_many_files_become_one(tmp_path):
    for number in (1, 2):
        part = pl.DataFrame({"id": [number, None], "when": [1.5, 2.5], "label": ["a", "b"]})
        (tmp_path / "in").mkdir(exist_ok=True)
        part.write_parquet(tmp_path / "in" / f"{number}.parquet")
    look, data = found(tmp_path, "in")
    assert ingest(look, data, tmp_path / "out").rows == 4
    table = pl.read_parquet(tmp_path / "out" / "raw.parquet")
    assert table.schema == {"id": pl.Int64, "when": pl.Float64, "label": pl.String}
    assert table["id"].to_list() == [1, None, 2, None]


def test_what_was_there_is_replaced(source, tmp_path):
    look, data = found(source)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "raw.parquet").write_text("old")
    assert ingest(look, data, tmp_path / "out").rows == 3
    assert pl.read_parquet(tmp_path / "out" / "raw.parquet").height == 3


def test_a_file_that_changed_since_the_look_is_noticed(source, tmp_path):
    look, data = found(source)
    (source / "t.csv").write_text(ROWS.replace("yes", "jes"))
    with pytest.raises(SwitchyardError, match=r"t\.csv changed while it was read"):
        ingest(look, data, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_file_that_vanished_since_the_look(source, tmp_path):
    look, data = found(source)
    (source / "t.csv").unlink()
    with pytest.raises(InputError, match=r"t\.csv"):
        ingest(look, data, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_bucket_is_read(bucket, tmp_path):
    bucket.put("t/a.csv", ROWS)
    bucket.put("t/b.csv", ROWS)
    look, data = found(tmp_path, "s3://data/t", nulls=("", "NA"))
    assert ingest(look, data, tmp_path / "out").rows == 6
    pl.read_parquet(tmp_path / "out" / "raw.parquet").write_parquet(tmp_path / "t.parquet")
    bucket.put("t.parquet", (tmp_path / "t.parquet").read_bytes())
    look, data = found(tmp_path, "s3://data/t.parquet")
    assert ingest(look, data, tmp_path / "again").rows == 6
    assert names(tmp_path / "out") == ["raw.parquet"]


@pytest.mark.parametrize("row", ["4,5\n", "4,5,yes,no\n"])
def test_ragged_rows_of_a_bucket_are_found_when_they_are_read(bucket, tmp_path, row):
    bucket.put("t.csv", ROWS + row)
    look, data = found(tmp_path, "s3://data/t.csv")
    with pytest.raises(InputError, match=r"s3://data/t\.csv has [24] fields in line 7"):
        ingest(look, data, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_an_object_that_is_replaced_meanwhile_is_noticed(bucket, tmp_path):
    bucket.put("t.csv", ROWS)
    look, data = found(tmp_path, "s3://data/t.csv")
    bucket.put("t.csv", ROWS.replace("yes", "jes"))
    with pytest.raises(SwitchyardError, match="changed while it was read"):
        ingest(look, data, tmp_path / "out")


FULL = """
import resource, signal, sys
from pathlib import Path
from switchyard.config.sections import Column, Contract, Data
from switchyard.data.tables.ingest import ingest
from switchyard.data.tables.source import inspect
from switchyard.errors import SwitchyardError
folder = Path(sys.argv[1])
data = Data(uri="t.csv", target="label")
source = inspect(data, Contract(columns={"label": Column(type="integer")}), "classification", folder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    ingest(source, data, folder / "out")
except SwitchyardError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a file's size is Linux's")
def test_no_room_for_the_file_leaves_nothing_behind(tmp_path):
    rows = "\n".join(f"{(number * 7919) % 100_003},{number % 2}" for number in range(60_000))
    (tmp_path / "t.csv").write_text(f"word,label\n{rows}\n")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith(f"SwitchyardError {tmp_path / 'out'}: the disk is full"), done.stderr
    assert names(tmp_path / "out") == []


def test_a_full_disk_as_the_system_tells_it(source, tmp_path, monkeypatch):
    look, data = found(source)

    def sink(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", sink)
    with pytest.raises(SwitchyardError, match=f"{tmp_path / 'out'}: the disk is full"):
        ingest(look, data, tmp_path / "out")
    assert names(tmp_path / "out") == []
