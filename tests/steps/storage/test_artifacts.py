"""Artifacts come back as they were stored, from a folder and from a bucket, and say so when they cannot."""

from __future__ import annotations

import errno
import json
import os
import resource
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from s3fs import S3FileSystem
from zenml.enums import VisualizationType

from steps.storage.artifacts import DatasetMaterializer, OnnxModelMaterializer, ReportMaterializer
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.model.companions import digests
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report

ROWS = pl.DataFrame({"id": [1, 2, 3], "name": ["Ann", None, "Zoë"], "fare": [1.5, float("nan"), None]})
METADATA = {
    "candidate": "forest",
    "sha256": "0" * 64,
    "cv": {"metric": "roc_auc", "mean": 0.5, "std": 0.1},
    "name": "Zoë",
}


@pytest.fixture
def table(tmp_path):
    """Makes datasets of these parts, in folders that saving may empty."""
    made = 0

    def make(**parts):
        nonlocal made
        folder = tmp_path / f"written-{made}"
        folder.mkdir()
        made += 1
        for name, frame in parts.items():
            frame.write_parquet(folder / f"{name}.parquet", compression="zstd")
        return Dataset(root=str(folder), parts=tuple(parts))

    return make


def names(store, uri):
    return sorted(store.listdir(uri))


def save(materializer, store, uri, data):
    made = materializer(uri=uri, artifact_store=store)
    made.validate_save_type_compatibility(type(data))
    made.save(data)
    return made


def load(materializer, store, uri, kind):
    return materializer(uri=uri, artifact_store=store).load(kind)


def saved(store, data, name):
    """A dataset, saved at a place of its own, and its content hash."""
    uri = f"{store.path.rstrip('/')}/{name}"
    store.makedirs(uri)
    return save(DatasetMaterializer, store, uri, data).compute_content_hash(data)


def test_a_dataset_comes_back_with_its_rows(store, place, table):
    save(DatasetMaterializer, store, place, table(train=ROWS, test=ROWS.head(1)))

    loaded = load(DatasetMaterializer, store, place, Dataset)

    assert loaded.parts == ("train", "test")
    assert loaded.root == place
    assert loaded.scan("train").collect().equals(ROWS)
    assert loaded.scan("test").select("name").collect().item() == "Ann"
    assert names(store, place) == ["parts.json", "test.parquet", "train.parquet"]


def test_a_bucket_is_read_with_what_the_environment_says_if_the_component_does_not(bare_s3_store, table):
    saved(bare_s3_store, table(raw=ROWS), "bare")

    loaded = load(DatasetMaterializer, bare_s3_store, "s3://artifacts/bare", Dataset)

    assert loaded.scan("raw").collect().equals(ROWS)
    assert loaded.storage_options["aws_region"] == "eu-central-1"


def test_parts_can_be_fetched_to_this_disk_byte_for_byte(store, place, table, tmp_path):
    made = table(raw=ROWS)
    content = Path(made.path("raw")).read_bytes()
    save(DatasetMaterializer, store, place, made)

    fetched = load(DatasetMaterializer, store, place, Dataset).fetched(tmp_path, ["raw"])

    assert Path(fetched.path("raw")).read_bytes() == content


def test_a_dataset_is_moved_and_not_copied(store, place, table):
    data = table(raw=ROWS)

    save(DatasetMaterializer, store, place, data)

    assert list(Path(data.root).iterdir()) == []


def test_equal_rows_have_equal_hashes(store, table):
    first = saved(store, table(raw=ROWS), "first")

    assert saved(store, table(raw=ROWS), "again") == first
    assert saved(store, table(raw=ROWS.with_columns(fare=1.0)), "other") != first
    assert saved(store, table(rest=ROWS), "part") != first


def test_both_stores_give_the_same_hash(local_store, s3_store, table):
    assert saved(local_store, table(raw=ROWS), "one") == saved(s3_store, table(raw=ROWS), "one")


def test_parts_that_swap_their_rows_have_another_hash(store, table):
    one, two = ROWS.head(1), ROWS.tail(1)

    assert saved(store, table(a=one, b=two), "ab") != saved(store, table(a=two, b=one), "ba")


def cut(store, path, size):
    with store.open(path, "rb") as file:
        content = file.read()[:size]
    with store.open(path, "wb") as file:
        file.write(content)


def test_a_part_that_is_gone_is_named(store, place, table):
    save(DatasetMaterializer, store, place, table(train=ROWS, test=ROWS))
    store.remove(f"{place}/test.parquet")

    with pytest.raises(SwitchyardError, match=r"test\.parquet is not there.*--no-cache"):
        load(DatasetMaterializer, store, place, Dataset)


def test_a_part_cut_short_is_named(store, place, table):
    save(DatasetMaterializer, store, place, table(train=ROWS))
    cut(store, f"{place}/train.parquet", 100)

    with pytest.raises(SwitchyardError, match=r"train\.parquet.* 100 of .*--no-cache"):
        load(DatasetMaterializer, store, place, Dataset)


def test_a_dataset_without_its_list_of_parts_is_named(store, place, table):
    save(DatasetMaterializer, store, place, table(train=ROWS))
    store.remove(f"{place}/parts.json")

    with pytest.raises(SwitchyardError, match=r"parts\.json is not there.*--no-cache"):
        load(DatasetMaterializer, store, place, Dataset)


def test_a_failed_upload_leaves_nothing_that_looks_complete(s3_store, refuse_after, table):
    uri = "s3://artifacts/failed"
    data = table(train=ROWS, test=ROWS)

    with refuse_after(1), pytest.raises(PermissionError):  # the first part gets through
        save(DatasetMaterializer, s3_store, uri, data)

    assert names(s3_store, uri) == ["train.parquet"]
    with pytest.raises(SwitchyardError, match=r"parts\.json is not there"):
        load(DatasetMaterializer, s3_store, uri, Dataset)


def test_a_table_passes_through_without_being_held_in_memory(s3_store, tmp_path, monkeypatch):
    monkeypatch.setattr(S3FileSystem, "default_block_size", 5 << 20)  # what s3fs holds of a file; by default 50 MB
    size = 80 << 20
    written = tmp_path / "big"
    written.mkdir()
    with (written / "raw.parquet").open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        data = Dataset(root=str(written), parts=("raw",))
        save(DatasetMaterializer, s3_store, "s3://artifacts/big", data).compute_content_hash(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert s3_store.size("s3://artifacts/big/raw.parquet") == size
    assert peak < 0.75 * size  # some blocks, whatever the size


@contextmanager
def files_up_to(size):
    """No file may grow beyond this many bytes: the next write fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refuse_to_rename(*_, **__):
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.mark.parametrize("room", [0, 100])
def test_a_full_disk_is_named(local_store, table, room, monkeypatch):
    uri = f"{local_store.path}/full"
    local_store.makedirs(uri)
    data = table(raw=ROWS)
    monkeypatch.setattr(os, "rename", refuse_to_rename)  # the store is on another disk than the folder

    with files_up_to(room), pytest.raises(SwitchyardError, match=f"^{uri}: the disk is full .* run again"):
        save(DatasetMaterializer, local_store, uri, data)

    assert "parts.json" not in names(local_store, uri)
    assert data.scan("raw").collect().equals(ROWS)


MODEL = OnnxModel(content=bytes(range(256)) * 9, metadata=METADATA)
BESIDE = {"gallery.faiss": b"index", "gallery.npz": b"labels"}
INDEXED = OnnxModel(content=b"encoder", metadata={**METADATA, "gallery": {"files": digests(BESIDE)}}, companions=BESIDE)
REPORT = Report(facts={"rows": 3, "names": ["Zoë", None]}, html="<h1>Zoë</h1>")


@pytest.mark.parametrize(
    ("materializer", "data"),
    [(OnnxModelMaterializer, MODEL), (ReportMaterializer, REPORT)],
)
def test_a_full_disk_is_named_for_models_and_reports(local_store, materializer, data):
    uri = f"{local_store.path}/full"
    local_store.makedirs(uri)

    with files_up_to(10), pytest.raises(SwitchyardError, match=f"^{uri}: the disk is full"):
        save(materializer, local_store, uri, data)


def test_a_model_comes_back_with_the_files_beside_it(store, place):
    save(OnnxModelMaterializer, store, place, INDEXED)

    assert load(OnnxModelMaterializer, store, place, OnnxModel) == INDEXED
    assert names(store, place) == ["gallery.faiss", "gallery.npz", "metadata.json", "model.onnx"]


@pytest.mark.parametrize("name", BESIDE)
def test_the_index_of_another_model_is_refused(local_store, name):
    uri = f"{local_store.path}/indexed"
    local_store.makedirs(uri)
    save(OnnxModelMaterializer, local_store, uri, INDEXED)
    (Path(uri) / name).write_bytes(b"other")

    with pytest.raises(SwitchyardError, match=f"^{uri}/{name} is not the file that its model.onnx was made with"):
        load(OnnxModelMaterializer, local_store, uri, OnnxModel)

    (Path(uri) / name).unlink()
    with pytest.raises(SwitchyardError, match=f"^{uri}/{name} is not there"):
        load(OnnxModelMaterializer, local_store, uri, OnnxModel)


def test_a_model_comes_back_byte_by_byte(store, place):
    made = save(OnnxModelMaterializer, store, place, MODEL)

    assert load(OnnxModelMaterializer, store, place, OnnxModel) == MODEL
    assert names(store, place) == ["metadata.json", "model.onnx"]
    assert made.extract_metadata(MODEL)["candidate"] == "forest"


def test_a_report_comes_back_and_its_page_is_the_visualization(store, place):
    made = save(ReportMaterializer, store, place, REPORT)

    assert load(ReportMaterializer, store, place, Report) == REPORT
    assert names(store, place) == ["report.html", "report.json"]
    shown = made.save_visualizations(REPORT)
    assert list(shown.values()) == [VisualizationType.HTML]
    with store.open(next(iter(shown)), "rb") as file:
        assert file.read().decode() == REPORT.html


def test_reports_are_json_that_anything_can_read(local_store):
    uri = f"{local_store.path}/report"
    local_store.makedirs(uri)

    save(ReportMaterializer, local_store, uri, Report(facts={"auc": 0.5}, html=""))

    assert json.loads((Path(uri) / "report.json").read_text()) == {"auc": 0.5}


def test_a_loaded_dataset_holds_no_key_where_it_could_be_printed(s3_store, table):
    saved(s3_store, table(raw=ROWS), "keys")

    loaded = load(DatasetMaterializer, s3_store, "s3://artifacts/keys", Dataset)

    assert "component-secret" not in repr(loaded)
