"""Where images come from: folders, archives, Parquet and CSV, on this machine and in a bucket."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from switchyard.config.images import ImageData
from switchyard.data.images import ingest as ingest_module
from switchyard.data.images.source import look
from switchyard.errors import InputError, SwitchyardError
from tests.fixtures.images import encoded, picture, put


def refusal(uri, root, **data) -> str:
    with pytest.raises(InputError) as caught:
        section = ImageData(uri=str(uri), **data)
        source = look(section, root)
        ingest_module.ingest(source, section, root / "refused")
    assert not list(root.glob("refused/*"))
    return str(caught.value)


def zipped(folder, path, top="", names=None):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            name = f"{top}{file.relative_to(folder).as_posix()}"
            archive.write(file, (names or {}).get(name, name))
    return path


def tarred(folder, path, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        archive.add(folder, folder.name)
    return path


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **attributes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in attributes.items():
        setattr(member, key, value)
    archive.addfile(member, io.BytesIO(content))


def test_a_folder_of_classes_becomes_a_table(pets, ingested):
    table, refused, summary = ingested("pets")

    assert (table.height, refused, summary.rows, summary.unreadable) == (12, {}, 12, 0)
    assert table["path"].to_list()[:7] == [*(f"cats/{n}.png" for n in range(6)), "dogs/0.jpg"]
    cat, dog = table.row(0, named=True), table.row(6, named=True)
    content = (pets / "cats/0.png").read_bytes()
    assert (cat["image"], cat["hash"]) == (content, hashlib.sha256(content).hexdigest())
    assert (cat["label"], cat["width"], cat["height"], cat["format"], cat["mode"]) == ("cats", 24, 16, "PNG", "RGB")
    assert (dog["label"], dog["format"]) == ("dogs", "JPEG")


def test_brightness_and_colours_are_shares_of_full_scale(tmp_path, ingested):
    put(tmp_path / "set/a/colour.png", encoded(Image.new("RGB", (4, 4), (255, 51, 0))))
    half = np.zeros((4, 4), np.uint8)
    half[:2] = 255
    put(tmp_path / "set/b/grey.png", encoded(Image.fromarray(half)))
    table, _, _ = ingested("set")

    colour, grey = table.iter_rows(named=True)
    assert [colour[name] for name in ("red", "green", "blue")] == pytest.approx([1, 0.2, 0])
    assert (grey["brightness"], grey["contrast"]) == (0.5, 0.5)
    assert (grey["red"], grey["green"], grey["blue"]) == (None, None, None)


def test_what_systems_leave_behind_is_no_image(pets, ingested):
    for name in ("cats/.DS_Store", "cats/Thumbs.db", "__MACOSX/cats/._0.png", "dogs/desktop.ini", ".git/x/y", "README"):
        put(pets / name, b"x")

    table, refused, _ = ingested("pets")

    assert (table.height, refused) == (12, {})


def test_what_cannot_be_read_is_named_and_the_rest_is_kept(pets, ingested):
    put(pets / "cats" / "notes.png", b"These are my notes.")
    put(pets / "cats" / "half.png", encoded(picture(9, (64, 64)))[:500])
    put(pets / "dogs" / "nothing.jpg", b"")
    put(pets / "dogs" / "huge.png", encoded(Image.new("1", (20_000, 20_000))))
    put(pets / "lost.png", encoded(picture(10)))

    table, refused, summary = ingested("pets")

    assert (table.height, summary.unreadable) == (12, 5)
    assert refused["cats/notes.png"].startswith("is no image of a known format")
    assert refused["cats/half.png"].startswith("is damaged or cut short")
    assert refused["dogs/nothing.jpg"] == "is empty (0 bytes)"
    assert refused["dogs/huge.png"] == "has more pixels than the 89,478,485 that are allowed"
    assert refused["lost.png"] == "lies in no folder of a class: put it into one, or remove it"


def test_a_smaller_limit_on_pixels_holds(pets, ingested):
    put(pets / "cats" / "large.png", encoded(picture(9, (64, 64))))

    assert ingested("pets", max_pixels=1000)[1] == {
        "cats/large.png": "has 64×64 pixels, which are 4,096, and at most 1,000 are allowed"
    }


def test_links_within_the_folder_are_read_and_others_are_named(pets, tmp_path, ingested):
    secret = put(tmp_path / "secret" / "0.png", encoded(picture(50)))
    (pets / "cats" / "inside.png").symlink_to(pets / "cats" / "0.png")
    (pets / "cats" / "outside.png").symlink_to(secret)
    (pets / "cats" / "nowhere.png").symlink_to(tmp_path / "gone.png")
    (pets / "birds").symlink_to(secret.parent)
    os.mkfifo(pets / "dogs" / "pipe.png")

    table, refused, _ = ingested("pets")

    assert table.height == 13
    assert table["label"].unique().sort().to_list() == ["cats", "dogs"]
    assert refused["cats/outside.png"] == "is a link that leads out of the folder of the images"
    assert refused["cats/nowhere.png"] == "is a link to nothing"
    assert refused["dogs/pipe.png"] == "is no file"


def test_names_in_any_script_stay_what_they_are(tmp_path, ingested):
    put(tmp_path / "set" / "Kätzchen" / "Größe 1.png", encoded(picture(1)))
    put(tmp_path / "set" / "猫" / "写真.png", encoded(picture(2)))
    put(tmp_path / "set" / "Ka\u0308tzchen" / "2.png", encoded(picture(3)))  # as macOS writes the ä
    bad = os.fsencode(tmp_path / "set" / "猫") + b"/\xff.png"
    put(Path(os.fsdecode(bad)), encoded(picture(4)))

    table, refused, _ = ingested("set")

    assert refused == {}
    assert sorted(table["label"].unique()) == ["Kätzchen", "猫"]
    assert {"Kätzchen/Größe 1.png", "猫/写真.png", "猫/\ufffd.png"} < set(table["path"])


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_gives_what_its_folder_gives(pets, tmp_path, ingested, kind):
    path = tmp_path / f"pets.{kind}"
    modes = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}
    zipped(pets, path, "pets/") if kind == "zip" else tarred(pets, path, modes[kind])
    expected, _, _ = ingested("pets")

    table, refused, _ = ingested(path.name)

    assert refused == {}
    assert sorted(table.select("label", "hash").rows()) == sorted(expected.select("label", "hash").rows())
    assert sorted(table["path"]) == sorted(f"pets/{name}" for name in expected["path"])


def test_what_lies_beside_the_class_folders_of_an_archive_has_no_class(pets, tmp_path, ingested):
    put(pets / "README.md", b"Pets of all kinds.")
    put(pets / "lost.png", encoded(picture(60)))
    put(pets / "cats" / "old" / "deep" / "9.png", encoded(picture(61)))
    zipped(pets, tmp_path / "pets.zip", "all/pets/")

    table, refused, _ = ingested("pets.zip")

    assert dict(table.group_by("label").len().iter_rows()) == {"cats": 7, "dogs": 6}
    assert refused == {"all/pets/lost.png": "lies in no folder of a class: put it into one, or remove it"}


def test_an_archive_on_the_web(pets, tmp_path, ingested):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    zipped(pets, tmp_path / "pets.zip")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        table, refused, _ = ingested(f"{address}/pets.zip")
        folder = refusal(address, tmp_path, format="folder")
        server.shutdown()

    assert (table.height, refused) == (12, {})
    assert folder == f"{address} cannot be listed as a folder: give an archive or a Parquet file, or a bucket."
    assert [path.name for path in (tmp_path / "ingested").iterdir() if path.name.startswith(".")] == []


def test_members_of_a_tar_that_lead_elsewhere_are_never_followed(pets, tmp_path, ingested):
    with tarfile.open(tarred(pets, tmp_path / "pets.tar", "w"), "a") as archive:
        add(archive, "../../escaped.png", encoded(picture(60)))
        add(archive, "/etc/absolute.png", encoded(picture(61)))
        add(archive, "pets/cats/link.png", type=tarfile.SYMTYPE, linkname="/etc/hostname")
        add(archive, "pets/cats/hard.png", type=tarfile.LNKTYPE, linkname="pets/cats/0.png")
        add(archive, "pets/cats/device.png", type=tarfile.CHRTYPE)

    table, refused, _ = ingested("pets.tar")

    assert table.height == 12
    assert refused == {
        "../../escaped.png": "has a name that leads out of the archive",
        "/etc/absolute.png": "has a name that leads out of the archive",
        "pets/cats/link.png": "is a link, which is not followed",
        "pets/cats/hard.png": "is a link, which is not followed",
        "pets/cats/device.png": "is no file but a device",
    }
    assert not list(tmp_path.parent.rglob("escaped.png"))


def test_members_of_a_zip_that_lead_elsewhere_are_never_followed(pets, tmp_path, ingested):
    with zipfile.ZipFile(zipped(pets, tmp_path / "pets.zip"), "a") as archive:
        archive.writestr("../escaped.png", encoded(picture(60)))
        link = zipfile.ZipInfo("cats/link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
        archive.writestr("dogs\\windows.png", encoded(picture(61)))

    table, refused, _ = ingested("pets.zip")

    assert "dogs/windows.png" in table["path"]
    assert refused == {
        "../escaped.png": "has a name that leads out of the archive",
        "cats/link.png": "is a link, which is not followed",
    }


def test_a_damaged_member_of_a_zip_is_named(pets, tmp_path, ingested):
    path = zipped(pets, tmp_path / "pets.zip")
    content = bytearray(path.read_bytes())
    place = content.index((pets / "cats/3.png").read_bytes()) + 50
    content[place] ^= 0xFF
    path.write_bytes(content)

    table, refused, _ = ingested("pets.zip")

    assert table.height == 11
    assert "Bad CRC-32" in refused["cats/3.png"]


def parquet(path, images, labels, metadata=None, **columns):
    table = pa.table({"image": images, "label": labels, **columns})
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def test_parquet_with_bytes(tmp_path, ingested):
    images = [encoded(picture(1)), b"no image", encoded(picture(2)), None]
    parquet(tmp_path / "set.parquet", images, [3, 4, 4, 4])

    table, refused, _ = ingested("set.parquet")

    assert table.select("label", "path").rows() == [("3", "set.parquet row 1"), ("4", "set.parquet row 3")]
    assert refused["set.parquet row 2"].startswith("is no image")
    assert refused["set.parquet row 4"] == "has no bytes (set.parquet row 4)"


def test_parquet_as_hugging_face_writes_it(tmp_path, ingested):
    images = [{"bytes": encoded(picture(n)), "path": f"{n}.png" if n else None} for n in range(3)]
    names = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    parquet(tmp_path / "set.parquet", images, [0, 1, None], {b"huggingface": json.dumps(names).encode()})

    table, refused, _ = ingested("set.parquet")

    assert table.select("label", "path").rows() == [("cat", "set.parquet row 1"), ("dog", "1.png")]
    assert refused == {"2.png": "has no label (set.parquet row 3)"}


def test_what_ingest_wrote_can_be_ingested_again(pets, tmp_path, ingested):
    first, _, _ = ingested("pets")
    (tmp_path / "ingested" / "raw.parquet").rename(tmp_path / "again.parquet")

    assert ingested("again.parquet")[0].equals(first)


def test_several_parquet_files_are_one_set(tmp_path, ingested):
    for number in range(3):
        parquet(put(tmp_path / f"set/{number}.parquet", b""), [encoded(picture(number))], [f"class {number}"])

    assert ingested("set")[0]["label"].to_list() == ["class 0", "class 1", "class 2"]


def test_a_csv_of_paths_and_labels(pets, tmp_path, ingested):
    (tmp_path / "pets" / "labels.csv").write_text(
        "image;label\ncats/0.png;tabby\ndogs/0.jpg;poodle\ncats/9.png;tabby\ndogs/1.jpg;\n"
    )

    table, refused, _ = ingested("pets/labels.csv", separator=";")

    assert table.select("path", "label").rows() == [("cats/0.png", "tabby"), ("dogs/0.jpg", "poodle")]
    assert refused == {
        "cats/9.png": "is not there (row 3 of pets/labels.csv)",
        "dogs/1.jpg": "has no label (row 4 of pets/labels.csv)",
    }


def test_a_bucket_gives_what_the_disk_gives(pets, tmp_path, bucket, ingested):
    expected, _, _ = ingested("pets")
    for file in pets.rglob("*.*"):
        bucket.put(f"sets/pets/{file.relative_to(pets).as_posix()}", file.read_bytes())
    bucket.put("sets/pets/.DS_Store", b"x")
    bucket.put("sets/pets.zip", zipped(pets, tmp_path / "pets.zip").read_bytes())
    bucket.put("sets/pets/labels.csv", "image,label\ncats/0.png,tabby\n../pets.zip,no\ncats/7.png,no\n")

    assert ingested("s3://data/sets/pets")[0].equals(expected)
    assert ingested("s3://data/sets/pets.zip")[0]["path"].to_list() == expected["path"].to_list()
    table, refused, _ = ingested("s3://data/sets/pets/labels.csv")
    assert table.select("path", "label").rows() == [("cats/0.png", "tabby")]
    assert list(refused) == ["../pets.zip", "cats/7.png"]
    assert "cats/7.png: correct" not in refusal("s3://data/nothing", tmp_path)


def fingerprint(root, **data) -> str:
    return look(ImageData(**data), root).fingerprint


def test_the_fingerprint_knows_content_names_and_labels(pets, tmp_path):
    before = fingerprint(tmp_path, uri="pets")
    assert fingerprint(tmp_path, uri="pets") == before
    os.utime(pets / "cats" / "0.png", (1, 1))  # time says nothing about the content
    assert fingerprint(tmp_path, uri="pets") == before

    (pets / "cats" / "0.png").rename(pets / "dogs" / "0.png")
    moved = fingerprint(tmp_path, uri="pets")
    put(pets / "dogs" / "0.png", encoded(picture(70)))
    changed = fingerprint(tmp_path, uri="pets")
    assert len({before, moved, changed, fingerprint(tmp_path, uri="pets", max_pixels=9)}) == 4


def test_the_same_images_give_the_same_bytes(pets, tmp_path, ingested):
    ingested("pets")
    first = (tmp_path / "ingested" / "raw.parquet").read_bytes()
    ingested("pets")

    assert (tmp_path / "ingested" / "raw.parquet").read_bytes() == first


def test_row_groups_are_small_enough_to_be_read_one_by_one(tmp_path, ingested, monkeypatch):
    monkeypatch.setattr("switchyard.data.images.table_file.GROUP_BYTES", 3000)
    for number in range(20):
        put(tmp_path / "set" / "a" / f"{number:02}.png", encoded(picture(number)))
    table, _, _ = ingested("set")

    file = pq.ParquetFile(tmp_path / "ingested" / "raw.parquet")
    rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sum(rows) == table.height == 20
    assert len(rows) > 3
    assert max(rows) * table["image"].bin.size().min() < 6000


def test_a_source_that_changes_while_it_is_read_is_refused(pets, tmp_path):
    section = ImageData(uri="pets")
    source = look(section, tmp_path)
    put(pets / "cats" / "0.png", encoded(picture(70)))

    with pytest.raises(SwitchyardError, match="pets changed while it was read"):
        ingest_module.ingest(source, section, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "set").mkdir()
    assert refusal("set", tmp_path) == (
        "set holds no file: put one folder for each class there, with its images in it."
    )
    put(tmp_path / "set" / "cats" / "0.png", encoded(picture(0)))
    put(tmp_path / "set" / "dogs" / ".DS_Store", b"x")
    assert refusal("set", tmp_path) == (
        "set/dogs is an empty folder: put the images of this class there, or remove it."
    )


def test_images_without_folders_are_refused(tmp_path):
    put(tmp_path / "set" / "0.png", encoded(picture(0)))

    assert refusal("set", tmp_path).startswith(
        "set holds files (0.png) but no folders: move the images into one folder"
    )


def test_a_set_of_which_nothing_can_be_read_is_refused(tmp_path):
    put(tmp_path / "set" / "cats" / "0.png", b"notes")

    assert refusal("set", tmp_path).startswith("set holds no image that can be read: cats/0.png is no image of a known")


@pytest.mark.parametrize(
    ("name", "content", "data", "expected"),
    [
        ("set.zip", b"notes", {}, "set.zip is neither a zip nor a tar file"),
        ("set.tar.gz", b"\x1f\x8b\x08\x00", {}, "set.tar.gz is damaged or cut short (Compressed file ended"),
        ("set.parquet", b"notes", {}, "set.parquet cannot be read as Parquet"),
        ("set.csv", b"a,b\n1,2\n", {}, "set.csv has no column 'image', which data.image names"),
        (
            "set.csv",
            b"a,label\n1,2\n",
            {"image": "a", "label": "lable"},
            "set.csv has no column 'lable'",
        ),
        ("set.csv", b"image,label\n", {}, "set.csv has a header but no rows"),
        ("set.csv", b"image,label\n\xff,2\n", {}, "set.csv"),
        ("set.rar", b"Rar!", {}, "set.rar has an extension that names no known format"),
        ("set.png", b"x", {"format": "folder"}, "set.png is a file, not a folder: correct data.uri or data.format"),
    ],
)
def test_a_source_that_is_something_else_is_refused(tmp_path, name, content, data, expected):
    put(tmp_path / name, content)

    assert refusal(name, tmp_path, **data).startswith(expected)


def test_a_missing_source_is_refused(tmp_path, pets):
    assert "pest is missing: correct data.uri (did you mean 'pets'?)" in refusal("pest", tmp_path)
    assert "ftp://x begins with ftp://, which is unknown" in refusal("ftp://x", tmp_path).replace("'", "").removeprefix(
        "data.uri "
    )


def test_a_table_without_bytes_of_images_is_refused(tmp_path):
    parquet(tmp_path / "set.parquet", ["cats/0.png"], ["cat"])

    assert refusal("set.parquet", tmp_path) == (
        "set.parquet has string in the column 'image', where bytes of images are wanted: "
        "name another column in data.image."
    )


def test_a_truncated_archive_is_refused(pets, tmp_path):
    for name, mode in (("a.tar.gz", "w:gz"), ("b.tar", "w")):
        whole = tarred(pets, tmp_path / name, mode).read_bytes()
        for length in (len(whole) // 2, len(whole) // 1024 * 512, len(whole) // 3):
            put(tmp_path / name, whole[:length])
            assert "is damaged or cut short" in refusal(name, tmp_path)
