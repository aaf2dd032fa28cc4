"""The split of images: its shares, its seed, and what must stay together."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from switchyard.config.images import ImageSplit
from switchyard.data.images.near_duplicates import clusters, near_pairs
from switchyard.data.images.perceptual_hash import perceptual_hash
from switchyard.data.images.split import assign, split
from switchyard.data.training_rows import TrainingRows
from switchyard.errors import InputError
from tests.fixtures.images import encoded, picture, put


def facts(labels, phashes=None, hashes=None) -> pl.DataFrame:
    count = len(labels)
    random = np.random.default_rng(3).integers(-(2**63), 2**63, count)  # far apart, as of different images
    return pl.DataFrame(
        {
            "label": labels,
            "hash": hashes if hashes is not None else [str(n) for n in range(count)],
            "phash": random if phashes is None else phashes,
        }
    )


def refusal(frame, **config) -> str:
    with pytest.raises(InputError) as caught:
        assign(frame, ImageSplit(**config), 0)
    return str(caught.value)


def test_each_class_is_dealt_by_its_share():
    frame = facts(["a"] * 100 + ["b"] * 20)
    parts = assign(frame, ImageSplit(validation=0.1, test=0.2), 7)

    assert np.bincount(parts[:100]).tolist() == [70, 10, 20]
    assert np.bincount(parts[100:]).tolist() == [14, 2, 4]


def test_the_same_seed_gives_the_same_split_and_another_one_another():
    frame = facts(["a"] * 50 + ["b"] * 50)

    assert (assign(frame, ImageSplit(), 7) == assign(frame, ImageSplit(), 7)).all()
    assert (assign(frame, ImageSplit(), 7) != assign(frame, ImageSplit(), 8)).any()


@pytest.mark.parametrize("method", ["random", "stratified"])
def test_what_looks_the_same_goes_the_same_way(method):
    bases = np.random.default_rng(1).integers(-(2**63), 2**63, 40)
    # Each of 40 motifs three times: as it is, one bit away, and one bit from that.
    phashes = np.concatenate([bases, bases ^ 0b100, bases ^ 0b1100])
    frame = facts(["a"] * 120, phashes)

    parts = assign(frame, ImageSplit(method=method, keep_together=1), 0).reshape(3, 40)
    assert (parts == parts[0]).all()
    assert np.bincount(parts.ravel()).tolist() == [72, 24, 24]
    alone = assign(frame, ImageSplit(method=method, keep_together=None), 0).reshape(3, 40)
    assert (alone != alone[0]).any()


def test_copies_go_the_same_way_even_when_looks_do_not_count():
    hashes = [str(n) for n in range(40)] * 2
    parts = assign(facts(["a"] * 80, hashes=hashes), ImageSplit(keep_together=None), 0).reshape(2, 40)

    assert (parts[0] == parts[1]).all()


def test_unseen_classes_are_all_for_the_test():
    frame = facts(["a"] * 30 + ["b"] * 30 + ["c"] * 10)
    parts = assign(frame, ImageSplit(unseen=("c",)), 0)

    assert (parts[60:] == 2).all()
    assert np.bincount(parts[:60]).tolist() == [36, 12, 12]
    assert "split.unseen: there is no class 'd'; the classes are a, b, c" in refusal(frame, unseen=("d",))


def test_a_class_that_does_not_reach_every_part_is_named():
    assert refusal(facts(["a"] * 20 + ["b"])) == (
        "split.method: stratified leaves no image of the class 'b' for validation (it has 1 image in all); "
        "add images of this class, or remove it from the data"
    )
    phashes = np.random.default_rng(3).integers(-(2**63), 2**63, 26)
    phashes[20:] = phashes[20]
    phashes[25] = 0x5555555555555555
    assert "(it has 6 images in all, 2 of which look different)" in refusal(
        facts(["a"] * 20 + ["b"] * 6, phashes), validation=0.3, test=0.3
    )


def test_a_chain_of_looks_that_swallows_a_part_is_refused():
    phashes = np.random.default_rng(3).integers(-(2**63), 2**63, 100)
    phashes[:30] = phashes[0]

    assert refusal(facts(["a"] * 100, phashes)).startswith(
        "split.keep_together: 30 of 100 images look the same, directly or by others in between, and stay together, "
        "which is more than the smallest part (20%) holds; use a smaller number of bits, or null"
    )


def test_the_parts_hold_every_image_once_and_unchanged(tmp_path, ingested, monkeypatch):
    monkeypatch.setattr("switchyard.data.images.table_file.GROUP_BYTES", 4000)
    for number in range(60):
        put(tmp_path / "set" / "ab"[number % 2] / f"{number:02}.png", encoded(picture(number)))
    raw, _, _ = ingested("set")

    parts = split(raw.lazy(), ImageSplit(), 5, tmp_path / "parts")

    assert parts.parts == ("train", "validation", "test")
    tables = [pl.read_parquet(parts.path(name)) for name in parts.parts]
    assert [table.height for table in tables] == [36, 12, 12]
    assert pl.concat(tables).sort("path").equals(raw.sort("path"))
    order = {path: place for place, path in enumerate(raw["path"])}
    assert all(
        [order[path] for path in table["path"]] == sorted(order[path] for path in table["path"]) for table in tables
    )
    assert pq.ParquetFile(parts.path("train")).num_row_groups > 3
    first = (tmp_path / "parts" / "train.parquet").read_bytes()
    split(raw.lazy(), ImageSplit(), 5, tmp_path / "parts")
    assert (tmp_path / "parts" / "train.parquet").read_bytes() == first


@pytest.mark.parametrize("distance", [0, 1, 3, 8, 16])
def test_near_pairs_are_those_that_comparing_all_with_all_finds(distance, monkeypatch):
    monkeypatch.setattr("switchyard.data.images.near_duplicates._BLOCK", 7)
    random = np.random.default_rng(2)
    bases = random.integers(-(2**63), 2**63, 30)
    flips = [sum(1 << int(bit) for bit in random.choice(63, random.integers(1, 12), replace=False)) for _ in range(60)]
    hashes = np.unique(np.concatenate([bases, np.tile(bases, 2) ^ np.array(flips)]))

    expected = [
        (a, b)
        for a in range(len(hashes))
        for b in range(a + 1, len(hashes))
        if (int(hashes[a]) ^ int(hashes[b])).bit_count() <= distance
    ]

    assert [tuple(pair) for pair in near_pairs(hashes, distance).tolist()] == expected
    assert bool(expected) == (distance > 0)


def test_clusters_are_numbered_as_they_appear():
    assert clusters(np.array([9, 3 << 40, 8, 3 << 40, 0]), 1).tolist() == [0, 1, 0, 1, 0]


def test_the_hash_of_a_changed_image_is_near_and_of_another_far():
    def distance(one, two):
        return ((perceptual_hash(one) ^ perceptual_hash(two)) & (2**64 - 1)).bit_count()

    image = picture(1, (96, 64), "L")
    assert distance(image, image.resize((48, 32))) <= 4
    assert distance(image, image.point(lambda value: value * 0.8 + 20)) <= 4
    assert min(distance(image, picture(seed, (96, 64), "L")) for seed in range(2, 40)) > 10


def test_the_hash_is_that_of_the_package_imagehash():
    # imagehash.phash(picture(seed, (96, 64), "L")) of ImageHash 4.3.2, as text.
    told = {1: "a1d6a939ec0c16f3", 2: "95d9585613bcec61", 3: "f853e9c3ceb91046"}

    assert {seed: f"{perceptual_hash(picture(seed, (96, 64), 'L')) & (2**64 - 1):016x}" for seed in told} == told


def test_what_a_network_has_learned_is_training_and_so_is_what_looks_like_it_but_nothing_else_moves():
    frame = facts(["a"] * 60 + ["b"] * 40)
    plain = assign(frame, ImageSplit(), 7)
    tested = np.flatnonzero(plain == 2)
    learned = np.isin(np.arange(100), [*range(30), tested[-1]])
    twin = pl.when(pl.int_range(100) == tested[-2]).then(pl.col("phash").gather(int(tested[-1])).first())
    alike = frame.with_columns(phash=twin.otherwise("phash"))

    parts, before = assign(alike, ImageSplit(), 7, learned), assign(alike, ImageSplit(), 7)

    kept = learned.copy()
    kept[tested[-2]] = True
    assert before[kept].max() == 2
    assert set(parts[kept]) == {0}
    assert (parts[~kept] == before[~kept]).all()


def test_images_of_classes_that_were_left_out_are_test_images_whatever_was_learned():
    frame = facts(["a"] * 20 + ["b"] * 20 + ["c"] * 20)

    parts = assign(frame, ImageSplit(unseen=("c",)), 7, np.ones(60, bool))

    assert set(parts[:40]) == {0} and set(parts[40:]) == {2}


def test_images_are_known_again_by_their_content():
    frame = facts(["a"] * 20 + ["b"] * 20).with_columns(image=pl.lit(b"x"))
    learned = TrainingRows.of(frame[:10].with_columns(label=pl.lit("elsewhere")).lazy())

    assert learned.contains(frame.select("hash").lazy()).tolist() == [True] * 10 + [False] * 30
    both = learned.joined(TrainingRows.of(frame[5:15].lazy()))
    assert both.contains(frame.lazy()).tolist() == [True] * 15 + [False] * 25
