"""What a user can get wrong about the data, found before anything is written."""

import gzip
import io
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from switchyard.config.loading import load
from switchyard.config.sections import Column, Contract, Data, Features
from switchyard.data.tables.source import fingerprint_now, inspect
from switchyard.errors import InputError

ROOT = Path(__file__).resolve().parents[3]
GOOD = "size,colour,label\n1,red,yes\n2,blue,no\n3,,yes\n"


def contract(**types: str) -> Contract:
    wanted = types or {"size": "number", "colour": "string", "label": "string"}
    return Contract(columns={name: Column(type=kind, nullable=True) for name, kind in wanted.items()})


def look(
    root: Path, uri: str = "t.csv", *, target: str = "label", task="classification", features=None, asked=None, **data
):
    return inspect(Data(uri=uri, target=target, **data), asked or contract(), task, root, features)


def refusal(root: Path, **arguments) -> str:
    with pytest.raises(InputError) as caught:
        look(root, **arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def table(tmp_path):
    """Writes `t.csv` (or another name) and returns its folder."""

    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def parquet(**columns) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def test_the_demos_pass():
    for name, rows in (("titanic", 1309), ("diamonds", 53940)):
        config = load(ROOT / "configs" / f"{name}.yaml")
        source = inspect(config.data, config.contract, config.task, ROOT, config.features)
        assert source.rows == rows
        assert config.data.target in source.columns


def test_a_good_table(table):
    source = look(table(GOOD))
    assert (source.format, source.columns, source.rows) == ("csv", ("size", "colour", "label"), 3)
    assert source.files[0].size == len(GOOD)


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD + "\n\n",
        GOOD.replace("red", '"red, or\nso"'),
        GOOD.replace("red", '"say ""red"", please"'),
        GOOD.rstrip("\n"),
        gzip.compress(GOOD.encode(), mtime=0),
    ],
    ids=["crlf", "bom", "blank lines", "line break in quotes", "quote in quotes", "no last newline", "gzip"],
)
def test_unusual_but_right_files_are_read(table, content):
    source = look(table(content))
    assert (source.columns, source.rows) == (("size", "colour", "label"), 3)


def test_a_folder_and_a_glob_are_one_table_in_the_order_of_names(table):
    table(GOOD, "many/b.csv")
    root = table(GOOD, "many/a.csv")
    table("ignored", "many/_SUCCESS")
    by_folder, by_glob = look(root, uri="many"), look(root, uri="many/*.csv")
    assert [file.name for file in by_folder.files] == ["many/a.csv", "many/b.csv"]
    assert by_folder.rows == 6
    assert by_folder.fingerprint == by_glob.fingerprint


# The fingerprint


def test_the_fingerprint_knows_content_name_and_way_of_reading(table):
    first = look(table(GOOD)).fingerprint
    assert look(table(GOOD)).fingerprint == first
    changed = {
        look(table(GOOD.replace("red", "rot"))).fingerprint,
        look(table(GOOD), nulls=("", "red")).fingerprint,
        look(table(GOOD, "u.csv"), uri="u.csv").fingerprint,
        look(table(GOOD.replace(",", ";")), separator=";").fingerprint,
    }
    assert len(changed | {first}) == 5


def test_the_fingerprint_does_not_know_the_folder_it_stands_in(table, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "t.csv").write_text(GOOD)
    assert look(table(GOOD)).fingerprint == look(other).fingerprint


def test_a_file_that_is_added_to_a_folder_changes_the_fingerprint(table):
    root = table(GOOD, "many/a.csv")
    source = look(root, uri="many")
    table(GOOD, "many/b.csv")
    assert fingerprint_now(source, Data(uri="many", target="label")) != source.fingerprint


# Files that are not there or no tables


def test_a_missing_file_is_told_with_its_likely_name(table):
    root = table(GOOD, "passengers.csv")
    assert "did you mean 'passengers.csv'?" in refusal(root, uri="pasengers.csv")
    assert "passengers.csv" in refusal(root, uri="zzz")
    assert "its folder 'nowhere'" in refusal(root, uri="nowhere/t.csv")


def test_nothing_matches_a_glob_or_lies_in_a_folder(table):
    root = table(GOOD)
    (root / "empty").mkdir()
    assert "*.parquet matches no file" in refusal(root, uri="*.parquet")
    assert "empty holds no CSV or Parquet file (it is empty)" in refusal(root, uri="empty")


def test_csv_and_parquet_in_one_folder_need_a_decision(table):
    table(parquet(size=[1.0, 2.0], colour=["a", "b"], label=["x", "y"]), "many/b.parquet")
    root = table(GOOD, "many/a.csv")
    assert "data.format" in refusal(root, uri="many")
    assert look(root, uri="many", format="csv").rows == 3


def test_an_unknown_extension_needs_a_format(table):
    root = table(GOOD, "t.dat")
    assert "t.dat" in refusal(root, uri="t.dat") and "data.format" in refusal(root, uri="t.dat")
    assert look(root, uri="t.dat", format="csv").rows == 3


def test_an_unknown_scheme(tmp_path):
    assert "gs://" in refusal(tmp_path, uri="gs://bucket/t.csv")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "t.csv is empty (0 bytes)"),
        (b"\n \n", "t.csv holds only white space"),
        ("size,colour,label\n", "t.csv has a header but no rows"),
        ("size,colour,label\n\n,,\n", "t.csv has a header but no rows"),
        ("size,label,colour,label\n1,a,b,c\n", "2 columns 'label' (the header's fields 2, 4)"),
        ("size,colour,label\n1,caf\xe9,yes\n2,b,no\n".encode("latin1"), "not UTF-8: byte 23 (line 2) is 0xe9"),
        (GOOD.encode("utf-16"), "t.csv is UTF-16, not UTF-8"),
        (b"PK\x03\x04 and more", "is a zip or Excel file, not CSV"),
        ("<!DOCTYPE html><html></html>", "is a web page, not CSV"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-12], "cut short or damaged"),
        (GOOD + "4,red\n", "t.csv has 2 fields in line 5, but 3 in its header"),
        (GOOD + "4,red,yes,no\n", "t.csv has 4 fields in line 5, but 3 in its header"),
        (GOOD + '4,"a\nb",yes\n5,red\n', "t.csv has 2 fields in line 7, but 3 in its header"),
        (GOOD + '4,5" pipe,yes\n', "the first line with an odd number of quotes is 5"),
        (GOOD + '4,"red,yes\n5,a,no\n', "cannot be split into fields"),
        (GOOD.replace("\n", "\r"), "bare carriage return"),
        (GOOD.replace(",", ";"), "write ';' at data.separator"),
        (GOOD.replace(",", "\t"), r"write '\t' at data.separator"),
    ],
)
def test_a_csv_that_cannot_be_read(table, content, expected):
    assert expected in refusal(table(content))


def test_a_byte_that_is_not_utf8_is_found_beyond_the_first_megabyte(table):
    rows = "1,red,yes\n2,blüe,no\n" * 60_000
    offset = len(f"size,colour,label\n{rows}".encode())
    message = refusal(table(f"size,colour,label\n{rows}".encode() + b"\xff,a,yes\n"))
    assert f"byte {offset:,} (line 120,002) is 0xff" in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda raw: raw[:-40], "t.parquet is cut short"),
        (lambda raw: raw[:40], "t.parquet is cut short"),
        (lambda raw: GOOD.encode(), "it starts with 'size,col'"),
        (lambda raw: raw[:-300] + b"\xff" * 292 + raw[-8:], "t.parquet is a damaged Parquet file"),
        (lambda raw: raw[:4] + b"\xff" * 60 + raw[64:], "t.parquet cannot be read"),
        (lambda raw: b"", "t.parquet is empty (0 bytes)"),
        (lambda raw: parquet(size=[], colour=[], label=[]), "has columns but no rows"),
    ],
)
def test_a_parquet_that_cannot_be_read(table, change, expected):
    raw = parquet(size=[1.0, 2.0], colour=["a", "b"], label=["x", "y"])
    assert expected in refusal(table(change(raw), "t.parquet"), uri="t.parquet")


def test_parquet_read_as_csv(table):
    root = table(parquet(size=[1]), "t.parquet")
    assert "is a Parquet file, not CSV" in refusal(root, uri="t.parquet", format="csv")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("size,label\n1,yes\n", "many/b.csv has no column 'colour', but many/a.csv has"),
        ("size,colour,label,more\n1,a,yes,2\n", "many/a.csv has no column 'more', but many/b.csv has"),
        ("colour,size,label\na,1,yes\n", "many/b.csv has its columns in another order than many/a.csv"),
    ],
)
def test_files_of_one_table_have_the_same_columns(table, other, expected):
    table(GOOD, "many/a.csv")
    assert expected in refusal(table(other, "many/b.csv"), uri="many")


def test_parquet_files_of_one_table_have_the_same_types(table):
    table(parquet(size=[1.0, 2.0], colour=["a", "b"], label=["x", "y"]), "many/a.parquet")
    root = table(parquet(size=["1", "2"], colour=["a", "b"], label=["x", "y"]), "many/b.parquet")
    assert "String in the column 'size', but many/a.parquet has Float64" in refusal(root, uri="many")


# Columns and values


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"target": "lable"}, "t.csv has no column 'lable', which data.target names (did you mean 'label'?)"),
        ({"id": "Size2"}, "which data.id names (did you mean 'size'?)"),
        ({"time": "when"}, "which data.time names: it has 'size', 'colour', 'label'"),
        ({"group": "when"}, "which data.group names"),
        ({"asked": contract(size="number", label="string", weight="number")}, "'weight', which contract.columns names"),
        ({"features": Features(exclude=("weight",))}, "'weight', which features.exclude names"),
    ],
)
def test_a_column_that_is_absent(table, change, expected):
    assert expected in refusal(table(GOOD), **change)


@pytest.mark.parametrize(
    ("content", "arguments", "expected"),
    [
        (GOOD.replace("no", "yes"), {}, "the target 'label' has the same value 'yes' in all"),
        ("size,colour,label\n1,a,\n2,b,\n", {}, "has no value at all in the target 'label'"),
        (GOOD + "4,red,\n", {}, "no value in the target 'label' in 1 of 4 rows"),
        (GOOD + "4,red,NA\n", {"nulls": ("", "NA")}, "no value in the target 'label' in 1 of 4 rows"),
        (
            GOOD,
            {"positive": "maybe"},
            "data.positive is 'maybe', but the target 'label' holds 'no', 'yes': write one of these",
        ),
        (GOOD + "4,red,maybe\n", {"positive": "yes"}, "more than two classes"),
        (GOOD, {"task": "regression"}, "'yes' in the target 'label' (data.target), which regression needs as numbers"),
        ("size,colour,label\n1,,yes\n2,,no\n", {}, "no value at all in the column 'colour'"),
    ],
)
def test_values_that_leave_nothing_to_learn(table, content, arguments, expected):
    assert expected in refusal(table(content), **arguments)


def test_an_empty_column_may_stay_if_it_is_excluded(table):
    root = table("size,colour,label\n1,,yes\n2,,no\n")
    assert look(root, features=Features(exclude=("colour",))).rows == 2


def test_a_positive_class_is_compared_as_the_contract_types_it(table):
    root = table("size,label\n1,1\n2,0\n")
    assert look(root, asked=contract(size="number", label="integer"), positive=1).rows == 2
    assert look(root, asked=contract(size="number", label="boolean"), positive=True).rows == 2
    refused = refusal(root, asked=contract(size="number", label="integer"), positive="1")
    assert "data.positive is '1', but the target 'label' holds 0, 1:" in refused


def test_parquet_values_are_checked_too(table):
    root = table(parquet(size=[float("nan")] * 2, colour=["a", "b"], label=["x", "y"]), "t.parquet")
    assert "no value at all in the column 'size'" in refusal(root, uri="t.parquet")


# S3 and the web


def test_a_table_in_a_bucket(bucket, tmp_path):
    bucket.put("tables/a.csv", GOOD)
    bucket.put("tables/b.csv", GOOD)
    bucket.put("one.parquet", parquet(size=[1.0, 2.0], colour=["a", "b"], label=["x", "y"]))
    assert [file.name for file in look(tmp_path, uri="s3://data/tables").files] == [
        "s3://data/tables/a.csv",
        "s3://data/tables/b.csv",
    ]
    assert len(look(tmp_path, uri="s3://data/tables/*.csv").files) == 2
    assert look(tmp_path, uri="s3://data/tables/a.csv").columns == ("size", "colour", "label")
    assert look(tmp_path, uri="s3://data/one.parquet").rows == 2


def test_a_changed_object_changes_the_fingerprint(bucket, tmp_path):
    bucket.put("t.csv", GOOD)
    before = look(tmp_path, uri="s3://data/t.csv").fingerprint
    bucket.put("t.csv", GOOD.replace("red", "rot"))
    assert look(tmp_path, uri="s3://data/t.csv").fingerprint != before


def test_no_key_of_s3_is_kept_in_a_source(bucket, tmp_path):
    bucket.put("t.csv", GOOD)
    source = look(tmp_path, uri="s3://data/t.csv")
    assert source.storage_options["aws_secret_access_key"] == "test-secret"
    assert "test-secret" not in repr(source.__dict__)


def test_a_bucket_that_cannot_be_read(bucket, tmp_path, monkeypatch):
    bucket.put("t.csv", "size,colour\n1,2\n")
    assert "there is no bucket 'nowhere'" in refusal(tmp_path, uri="s3://nowhere/t.csv")
    assert "s3://data/u.csv is missing" in refusal(tmp_path, uri="s3://data/u.csv")
    assert "matches no object" in refusal(tmp_path, uri="s3://data/*.parquet")
    assert "'label', which data.target names" in refusal(tmp_path, uri="s3://data/t.csv")
    with bucket.refusing():
        message = refusal(tmp_path, uri="s3://data/t.csv")
    assert "refuses these keys" in message and "AWS_ACCESS_KEY_ID" in message
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    message = refusal(tmp_path, uri="s3://data/t.csv")
    assert "no answer from http://127.0.0.1:9" in message and "AWS_ENDPOINT_URL" in message
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "set AWS_ACCESS_KEY_ID" in refusal(tmp_path, uri="s3://data/t.csv")


@pytest.fixture
def web(tmp_path):
    """The address of a server for `tmp_path`, which knows neither ranges nor ETags."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    yield from _served(partial(Quiet, directory=str(tmp_path)))


@pytest.fixture
def bare_web():
    """The address of a server that tells neither a date nor a length, and what it serves."""
    served = {"content": GOOD.encode()}

    class Bare(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response_only(200)
            self.end_headers()
            self.wfile.write(served["content"])

        def log_message(self, format, *args):
            pass

    for address in _served(Bare):
        yield address, served


def _served(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_table_on_the_web(table, web):
    table(parquet(size=[1.0, 2.0], colour=["a", "b"], label=["x", "y"]), "t.parquet")
    root = table(GOOD)
    source = look(root, uri=f"{web}/t.csv?version=2")
    assert (source.format, source.columns) == ("csv", ("size", "colour", "label"))
    assert look(root, uri=f"{web}/t.parquet").rows == 2
    table(GOOD + "4,red,no\n")
    assert look(root, uri=f"{web}/t.csv?version=2").fingerprint != source.fingerprint


def test_a_server_that_says_nothing_about_the_file_has_its_content_hashed(bare_web, tmp_path):
    address, served = bare_web
    before = look(tmp_path, uri=f"{address}/t.csv").fingerprint
    assert look(tmp_path, uri=f"{address}/t.csv").fingerprint == before
    served["content"] = GOOD.replace("red", "rot").encode()
    assert look(tmp_path, uri=f"{address}/t.csv").fingerprint != before


def test_a_web_address_that_does_not_answer(tmp_path, web):
    assert "answers 404" in refusal(tmp_path, uri=f"{web}/t.csv")
    assert "cannot be reached" in refusal(tmp_path, uri="http://127.0.0.1:9/t.csv")
