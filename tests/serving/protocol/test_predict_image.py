"""A JPEG or PNG body becomes an answer that a person can read, or one sentence that says what is wrong with it."""

from __future__ import annotations

import struct
import subprocess
import zlib

import numpy as np
import polars as pl
import pytest
from PIL import Image

from rehearsal.programs import program
from switchyard.config.server_options import ServerOptions
from switchyard.serving.local import daemon
from tests.serving.image_models import CLASSES, SIZE, classifier, encoded, photo, searcher

PETS, FACES = "/v2/models/pets/predict-image", "/v2/models/faces/predict-image"
PNG = {"Content-Type": "image/png"}


def in_process(model, body):
    return {name: array[0] for name, array in model.run(pl.DataFrame({"image": [body]})).items()}


@pytest.mark.parametrize(("kind", "content_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", None)])
def test_an_image_is_answered_with_label_and_probabilities_as_in_process(images, kind, content_type):
    body = encoded(photo(5), kind)
    headers = {"Content-Type": content_type} if content_type else {}
    status, answer = images.json("POST", PETS, body, headers)
    expected = in_process(classifier(), body)
    assert status == 200
    assert list(answer) == ["model_name", "model_version", "label", "probabilities"]
    assert (answer["model_name"], answer["model_version"]) == ("pets", "1")
    assert answer["label"] == expected["label"]
    by_class = dict(zip(CLASSES, expected["probabilities"].tolist(), strict=True))
    assert answer["probabilities"] == pytest.approx(by_class, abs=1e-6)
    assert list(answer["probabilities"].values()) == sorted(answer["probabilities"].values(), reverse=True)


def test_a_large_photograph_is_resized_as_for_training(images):
    body = encoded(photo(7, (333, 1000)), "JPEG", quality=95)
    answer = images.json("POST", PETS, body, PNG)[1]
    expected = in_process(classifier(), body)["probabilities"]
    assert list(answer["probabilities"].values()) == pytest.approx(sorted(expected, reverse=True), abs=1e-6)


def test_retrieval_is_answered_with_the_nearest_images(images):
    body = encoded(photo(2, mode="L"))
    status, answer = images.json("POST", FACES, body, PNG)
    expected = in_process(searcher(), body)
    assert status == 200
    assert answer["label"] == expected["label"]
    assert [near["row"] for near in answer["neighbours"]] == expected["neighbours"].tolist()
    assert [near["label"] for near in answer["neighbours"]] == expected["neighbour_labels"].tolist()
    assert [near["similarity"] for near in answer["neighbours"]] == pytest.approx(expected["similarity"].tolist())


def test_a_named_version_answers_and_another_is_not_found(images):
    body = encoded(photo())
    assert images.json("POST", "/v2/models/pets/versions/1/predict-image", body, PNG)[1]["model_version"] == "1"
    assert images.json("POST", "/v2/models/pets/versions/2/predict-image", body, PNG)[0] == 404
    assert images.json("POST", "/v2/models/nobody/predict-image", body, PNG)[0] == 404
    assert images.json("GET", PETS)[0] == 405


@pytest.mark.needs("curl")
@pytest.mark.parametrize("header", [["-H", "Content-Type: image/png"], []])
def test_curl_sends_a_file(images, tmp_path, header):
    file = tmp_path / "Übung 1.png"
    file.write_bytes(encoded(photo()))
    command = [program("curl"), "-s", images.url + PETS, "--data-binary", f"@{file}", *header]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert '"label":' in done.stdout


def sixteen_bit() -> bytes:
    return encoded(Image.fromarray(np.arange(192, dtype=np.uint16).reshape(SIZE) * 300))


def animated() -> bytes:
    return encoded(photo(1), "GIF", save_all=True, append_images=[photo(2), photo(3)])


HANDLED = {
    "grey": lambda: encoded(photo(mode="L")),
    "RGBA": lambda: encoded(photo(mode="RGBA")),
    "CMYK": lambda: encoded(photo(mode="CMYK"), "JPEG"),
    "16 bits": sixteen_bit,
    "animated": animated,
    "one pixel": lambda: encoded(photo(size=(1, 1))),
}


@pytest.mark.parametrize("kind", HANDLED)
def test_unusual_images_are_read_as_documented(images, kind):
    body = HANDLED[kind]()
    status, answer = images.json("POST", PETS, body, PNG)
    assert status == 200, answer
    expected = in_process(classifier(), body)["probabilities"]
    assert list(answer["probabilities"].values()) == pytest.approx(sorted(expected, reverse=True), abs=1e-6)


def header_of(width: int, height: int) -> bytes:
    """A whole PNG file as far as its header goes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * min(height, 8)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def floating() -> bytes:
    return encoded(Image.fromarray(np.ones(SIZE, np.float32)), "TIFF")


REFUSED = {
    "text": (lambda: b"this is a text in a file named cat.png", ["no image of a known format", "this is a te"]),
    "truncated JPEG": (lambda: encoded(photo(size=(64, 64)), "JPEG")[:-200], ["damaged or cut short"]),
    "nothing": (lambda: b"", ["empty", "--data-binary"]),
    "20,000 by 20,000": (lambda: header_of(20_000, 20_000), ["more pixels than the 89,478,485"]),
    "10,000 by 10,000": (lambda: header_of(10_000, 10_000), ["10,000×10,000", "at most 89,478,485"]),
    "0 by 0": (lambda: header_of(0, 0), ["header is damaged"]),
    "floating point": (floating, ["floating-point"]),
    "PostScript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ["no image of a known format"]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_used_is_400_and_one_sentence(images, kind):
    make, words = REFUSED[kind]
    status, answer = images.json("POST", PETS, make(), PNG)
    assert status == 400
    assert list(answer) == ["error"]
    for word in words:
        assert word in answer["error"]


def test_a_model_that_takes_no_image_is_404(images):
    status, answer = images.json("POST", "/v2/models/survival/predict-image", encoded(photo()), PNG)
    assert status == 404
    assert answer["error"] == "model survival takes no image, but sex, age: ask …/infer"


def test_an_encoder_alone_is_asked_for_its_embedding_elsewhere(images):
    status, answer = images.json("POST", "/v2/models/bare/predict-image", encoded(photo()), PNG)
    assert status == 400
    assert "gives embedding" in answer["error"]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_an_image_within_something_else_is_400(images, content_type):
    status, answer = images.json("POST", PETS, encoded(photo()), {"Content-Type": content_type})
    assert status == 400
    assert "--data-binary" in answer["error"]


def test_a_body_over_the_limit_is_413(images):
    status, answer = images.json("POST", PETS, encoded(photo()) + bytes(2**20), PNG)
    assert status == 413
    assert "1048576" in answer["error"]


def test_a_web_page_may_not_ask_and_the_token_is_wanted(images, root, kit):
    assert images.call("POST", PETS, encoded(photo()), {**PNG, "Origin": "http://site.example"})[0] == 403
    kit.put(root, "pets", 1, classifier().content)
    server = daemon.start(ServerOptions(root=root, port=kit.free_port(), token="s3cret"))
    guarded = kit.endpoint(server.url, root)
    assert guarded.call("POST", PETS, encoded(photo()), PNG)[0] == 401
    assert guarded.call("POST", PETS, encoded(photo()), {**PNG, "Authorization": "Bearer s3cret"})[0] == 200


def test_a_model_without_a_card_gives_numbered_classes(root, kit):
    kit.put(root, "pets", 1, classifier().content)
    server = kit.endpoint(daemon.start(ServerOptions(root=root, port=kit.free_port())).url, root)
    assert set(server.json("POST", PETS, encoded(photo()), PNG)[1]["probabilities"]) == {"0", "1", "2"}


def test_requests_are_counted(images):
    def answered():
        line = 'switchyard_requests_total{code="200",model="pets",version="1"}'
        text = images.call("GET", "/metrics")[2].decode()
        return float(next(row for row in text.splitlines() if row.startswith(line)).split()[1])

    images.call("POST", PETS, encoded(photo()), PNG)
    before = answered()
    images.call("POST", PETS, encoded(photo()), PNG)
    assert answered() == before + 1


def test_no_mutation_of_an_image_makes_the_server_fail(images):
    chance = np.random.default_rng(4)
    files = [encoded(photo(1), kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]
    statuses = set()
    for turn in range(210):
        body = bytearray(files[turn % len(files)])
        for _ in range(chance.integers(1, 6)):
            body[chance.integers(len(body))] = chance.integers(256)
        if turn % 3 == 0:
            del body[chance.integers(len(body)) :]
        status, _, content = images.call("POST", PETS, bytes(body), PNG)
        statuses.add(status)
        assert status in (200, 400), (status, bytes(body), content)
    assert statuses == {200, 400}
    assert "Traceback" not in (images.root / ".server.log").read_text()
