"""The order of images, and that it is the same from memory, from the file and from workers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from switchyard.data.images.image_table import ImageTable
from switchyard.errors import InputError
from switchyard.training.images import order
from switchyard.training.images.loader import Loader
from switchyard.training.images.settings import ImageTraining
from tests.fixtures import shapes

CLASSES = ("disc", "flat", "tall")
GROUPS = (5, 3, 4, 6, 2)


def plan(**given) -> list[tuple[list[order.Piece], np.ndarray]]:
    options = {"at_least": 7, "seed": 1, "epoch": 0, "selected": np.ones(20, dtype=bool)} | given
    size, keep_last = options.pop("size", 4), options.pop("keep_last", True)
    return list(order.batches(order.shuffled(GROUPS, **options), size, keep_last))


def test_an_epoch_has_every_selected_image_once_in_an_order_of_its_own():
    selected = np.arange(20) % 3 > 0
    rows = np.concatenate([rows for _, rows in plan(selected=selected)])
    assert sorted(rows.tolist()) == np.flatnonzero(selected).tolist()
    orders = [
        np.concatenate([r for _, r in plan(seed=seed, epoch=epoch)]).tolist()
        for seed, epoch in ((1, 0), (1, 1), (2, 0))
    ]
    assert orders[0] != orders[1] and orders[0] != orders[2]
    assert orders[0] == np.concatenate([r for _, r in plan()]).tolist()


def test_what_a_batch_needs_has_been_read_and_little_more():
    starts, held, most = np.cumsum([0, *GROUPS]), set(), 0
    for pieces, rows in plan():
        for piece in pieces:
            held |= {row for group in piece.groups for row in range(starts[group], starts[group + 1])}
        most = max(most, len(held))
        assert set(rows.tolist()) <= held
        held -= set(rows.tolist())
    assert not held
    assert most < 20


def test_a_last_batch_that_is_too_small_is_left_out_of_training_but_not_the_only_one():
    assert [len(rows) for _, rows in plan(size=6, keep_last=False)] == [6, 6, 6]
    assert [len(rows) for _, rows in plan(size=6)] == [6, 6, 6, 2]
    assert [len(rows) for _, rows in plan(size=50, keep_last=False)] == [20]
    for size, keep_last in ((6, False), (6, True), (50, False), (5, True)):
        assert order.count(20, size, keep_last) == len(plan(size=size, keep_last=keep_last))


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> ImageTable:
    return ImageTable.open(shapes.write(tmp_path_factory.mktemp("shapes") / "images.parquet", 100, 0, group=16))


def loader(table: ImageTable, classes=CLASSES, **settings) -> Loader:
    given = {"size": shapes.SIZE, "channels": 1, "batch_size": 16, "shuffle_rows": 30} | settings
    return Loader.open(table, classes, ImageTraining(**given), seed=5)


def told(batches) -> list[tuple[list, list]]:
    return [(batch.pixels.tolist(), batch.targets.tolist()) for batch in batches]


def test_memory_file_and_workers_give_the_same_batches_epoch_after_epoch(table):
    cached, streamed = loader(table), loader(table, cache_mb=0)
    worked = loader(table, cache_mb=0, workers=2)
    assert cached.cache is not None and streamed.cache is None
    ways = [each.training(3) for each in (cached, streamed, worked)]
    for epoch in (3, 4):
        expected, *others = [told(way) for way in ways]
        assert len(expected) == cached.steps == 6
        assert all(other == expected for other in others), epoch
    assert expected != told(cached.training(3))
    in_order = told(cached.in_order())
    assert in_order == told(streamed.in_order())
    assert [len(targets) for _, targets in in_order] == [16] * 6 + [4]


def test_pixels_and_targets_belong_together(table):
    for batch in loader(table, cache_mb=0, channels=3, size=(7, 9)).training():
        assert batch.pixels.dtype == torch.uint8 and batch.pixels.shape == (16, 7, 9, 3)
    pixels, targets = (
        torch.cat(each) for each in zip(*((b.pixels, b.targets) for b in loader(table).in_order()), strict=True)
    )
    assert [CLASSES[number] for number in targets] == table.labels.tolist()
    _, decoded = next(table.batches(100, 1, shapes.SIZE, None))
    assert (pixels[: len(decoded)].numpy() == decoded).all()


def test_processes_share_every_batch(table):
    alone = list(loader(table).training())
    for way in (loader(table, batch_size=16), loader(table, batch_size=16, cache_mb=0)):
        parts = [list(way.training(0, process, 3)) for process in range(3)]
        for batch, *shares in zip(alone, *parts, strict=True):
            assert torch.equal(torch.cat([share.pixels for share in shares]), batch.pixels)
            assert [len(share.targets) for share in shares] == [5, 5, 6]
            assert [share.rows for share in shares] == [16] * 3
            assert [share.part for share in shares] == [slice(0, 5), slice(5, 10), slice(10, 16)]


def test_images_of_other_classes_are_left_out(table):
    few = loader(table, classes=("flat", "tall"), cache_mb=0)
    assert len(few) == 66
    assert {number for batch in few.in_order() for number in batch.targets.tolist()} == {0, 1}


@pytest.mark.parametrize("workers", [0, 1])
def test_an_image_that_cannot_be_read_is_named(tmp_path, workers):
    damaged = ImageTable.open(shapes.write(tmp_path / "images.parquet", 40, 0, damaged=22))
    with pytest.raises(InputError, match=r"images\.parquet: the image flat/22\.png .*damaged"):
        list(loader(damaged, cache_mb=0, workers=workers).training())


def test_what_is_no_table_of_images_is_refused(tmp_path):
    import polars as pl

    path: Path = tmp_path / "table.parquet"
    with pytest.raises(InputError, match="is not a file: name a table of images"):
        ImageTable.open(path)
    pl.DataFrame({"image": [b""], "hash": [""], "path": [""]}).write_parquet(path)
    with pytest.raises(InputError, match="has no column 'label'"):
        ImageTable.open(path)
    pl.DataFrame({"image": [b""], "label": ["a"], "hash": [""], "path": [""]}).clear().write_parquet(path)
    with pytest.raises(InputError, match="has no images"):
        ImageTable.open(path)
