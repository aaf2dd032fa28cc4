"""`run.py init` on images: the config that it writes loads, says what was seen, and its contract holds."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import run
from switchyard.config.images import ImageConfig, ImageData
from switchyard.config.loading import load
from switchyard.data.images.ingest import ingest
from switchyard.data.images.init.init import write_image_config
from switchyard.data.images.source import look
from switchyard.data.images.split import split
from switchyard.data.images.validation import validate
from switchyard.errors import InputError
from tests.fixtures.images import encoded, picture, put

ROOT = Path(__file__).parents[4]


def through_the_data_steps(config: ImageConfig, root: Path, scratch: Path) -> dict[str, int]:
    """Ingests, validates and splits as the config says; the number of images of each part."""
    source = look(config.data, root)
    ingest(source, config.data, scratch)
    raw, unreadable = (pl.scan_parquet(scratch / f"{part}.parquet") for part in ("raw", "unreadable"))
    found = validate(raw, unreadable, config.contract, source=source.shown, baseline=None)
    assert found.problem == ""
    parts = split(raw, config.split, config.seed, scratch)
    return {name: pl.scan_parquet(parts.path(name)).select(pl.len()).collect().item() for name in parts.parts}


def test_a_folder_gets_a_config_that_its_images_keep(pets, tmp_path):
    put(pets / "cats" / "note.png", b"text")
    put(pets / "dogs" / "wide.png", encoded(picture(70, (80, 16))))

    written = write_image_config("pets", tmp_path)

    config = load(written)
    assert isinstance(config, ImageConfig)
    assert written == tmp_path / "configs" / "pets.yaml"
    assert (config.name, config.data) == ("pets", ImageData(uri="pets", format="folder"))
    assert config.contract.classes == ("cats", "dogs")
    assert config.contract.formats == ("JPEG", "PNG")
    assert (config.contract.min_width, config.contract.max_width) == (12, 160)
    assert (config.contract.min_height, config.contract.max_height) == (16, 16)
    assert config.contract.max_unreadable == 1
    assert "cats/note.png is no image" in written.read_text()
    assert (config.image.size, config.image.channels) == ((16, 24), 3)
    assert config.gates["accuracy.low"] == "> 0.539"  # 7 of 13 are dogs
    assert through_the_data_steps(config, tmp_path, tmp_path / "run") == {"train": 8, "validation": 3, "test": 2}


def test_the_demo_gets_a_config(tmp_path):
    config = load(write_image_config("data/digits.parquet", ROOT, tmp_path / "digits.yaml"))

    assert isinstance(config, ImageConfig)
    assert (config.image.size, config.image.channels) == ((28, 28), 1)
    assert config.contract.classes == tuple("0123456789")
    assert config.contract.min_images_per_class == 250
    assert (config.contract.formats, config.contract.modes) == (("PNG",), ("L",))
    assert config.split.keep_together == 2
    assert config.contract.min_images == 2500


def test_names_that_yaml_could_misread_survive(tmp_path):
    for name in ("no", "1e3", 'a "b" #c', "猫"):
        for number in range(4):
            put(tmp_path / "Meine Bilder" / name / f"{number}.png", encoded(picture(100 * len(name) + number)))

    config = load(write_image_config("Meine Bilder", tmp_path))

    assert isinstance(config, ImageConfig)
    assert (config.name, config.data.uri) == ("meine-bilder", "Meine Bilder")
    assert set(config.contract.classes or ()) == {"no", "1e3", 'a "b" #c', "猫"}


def test_a_class_that_is_too_small_is_said_in_the_file(pets, tmp_path):
    put(pets / "birds" / "0.png", encoded(picture(70)))

    text = write_image_config("pets", tmp_path).read_text()

    assert "; the smallest class, birds, has 1, too few for a split into three parts" in text


def test_what_cannot_be_used_is_refused_and_leaves_no_file(tmp_path):
    put(tmp_path / "one" / "cats" / "0.png", encoded(picture(1)))
    put(tmp_path / "table.csv", b"a,b\n1,2\n")

    with pytest.raises(InputError, match="All 1 images are of the class 'cats': give one folder for each class"):
        write_image_config("one", tmp_path)
    with pytest.raises(InputError, match=r"no column 'image'.*Without --target COLUMN, the data is taken for images"):
        write_image_config("table.csv", tmp_path)
    assert not (tmp_path / "configs").exists()


def test_the_command_writes_it_and_does_not_overwrite_it(pets, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("switchyard.project.ROOT", tmp_path)

    assert run.main(["init", "pets"]) == 0
    assert capsys.readouterr().out == (
        "configs/pets.yaml is written. Read it through, then run: python run.py --config configs/pets.yaml\n"
    )
    assert run.main(["init", "pets"]) == 2
    assert "pets.yaml is there already: give --force" in capsys.readouterr().err
    assert run.main(["init", "pets", "--force"]) == 0
