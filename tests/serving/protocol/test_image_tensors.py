"""Images as tensors of the protocol: uint8 of shape (N, H, W, C), as JSON and as binary data."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.serving.local import daemon
from switchyard.serving.local.deploy import deploy
from switchyard.serving.rollout.golden import golden_rows, smoke_test
from tests.serving.http.test_bad_requests import mutated
from tests.serving.image_models import SIZE, classifier, encoded, frame, photo, searcher

INFER = "/v2/models/pets/infer"


def pixels(count: int, size=SIZE, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, *size, channels), dtype=np.uint8)


def request(images: np.ndarray, **changes) -> dict:
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(images.shape), "data": images.ravel().tolist()}
    return {"inputs": [{**tensor, **changes}]}


def probabilities(answer) -> np.ndarray:
    tensor = next(tensor for tensor in answer["outputs"] if tensor["name"] == "probabilities")
    return np.array(tensor["data"]).reshape(tensor["shape"])


def computed(images: np.ndarray) -> np.ndarray:
    return classifier().session.run(["probabilities"], {"image": images})[0]


@pytest.mark.parametrize("nested", [False, True])
def test_json_gives_what_the_graph_gives(images, nested):
    asked = pixels(3)
    status, answer = images.json("POST", INFER, request(asked, **({"data": asked.tolist()} if nested else {})))
    assert status == 200
    assert probabilities(answer) == pytest.approx(computed(asked), abs=1e-6)


def binary(images: np.ndarray, size: int | None = None) -> tuple[bytes, dict]:
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(images.shape)}
    tensor["parameters"] = {"binary_data_size": images.nbytes if size is None else size}
    head = json.dumps({"inputs": [tensor]}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return head + images.tobytes(), headers


@pytest.mark.parametrize("count", [1, 32, 200])  # 200: more than go through the graph at once
def test_binary_data_gives_what_the_graph_gives(images, count):
    asked = pixels(count)
    status, answer = images.json("POST", INFER, *binary(asked))
    assert status == 200
    assert probabilities(answer) == pytest.approx(computed(asked), abs=1e-6)


def test_the_graph_takes_images_of_another_size(images):
    asked = pixels(2, (40, 25))
    assert probabilities(images.json("POST", INFER, *binary(asked))[1]) == pytest.approx(computed(asked), abs=1e-6)


def test_the_metadata_says_datatype_shape_and_size(images):
    found = images.json("GET", "/v2/models/pets")[1]
    assert found["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, -1, -1, 3]}]
    assert found["parameters"]["image"] == {"height": 16, "width": 12, "channels": 3}
    assert found["parameters"]["task"] == "image_classification"


BAD = {
    "one image without its axis": (request(pixels(1)[0]), ["image", "[16, 12, 3]", "[-1, -1, -1, 3]"]),
    "channels first": (request(pixels(1).transpose(0, 3, 1, 2)), ["[1, 3, 16, 12]", "[-1, -1, -1, 3]"]),
    "grey": (request(pixels(1, channels=1)), ["[1, 16, 12, 1]", "[-1, -1, -1, 3]"]),
    "FP32": (request(pixels(1), datatype="FP32"), ["image", "FP32", "UINT8"]),
    "too few pixels": (request(pixels(1), shape=[2, *SIZE, 3]), ["1152 elements", "has 576"]),
    "no pixels": (request(pixels(1), shape=[1, 0, 12, 3], data=[]), ["image", "shape"]),
    "256": (request(pixels(1), data=[256] * 576), ["range of UINT8"]),
    "half a level": (request(pixels(1), data=[0.5] * 576), ["image", "float"]),
    "null": (request(pixels(1), data=[None] * 576), ["image", "null"]),
    "nested unevenly": (request(pixels(1), data=[[1, 2], [3]]), ["nested"]),
    "too many images": (request(np.zeros((1025, 1, 1, 3), np.uint8)), ["1025 images", "at most 1024"]),
    "too long a side": (request(np.zeros((1, 1, 16_385, 3), np.uint8)), ["[1, 16385, 3]", "16384"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_tensor_is_400_and_named(images, case):
    body, words = BAD[case]
    status, answer = images.json("POST", INFER, body)
    assert status == 400, answer
    for word in words:
        assert word in answer["error"]


@pytest.mark.parametrize("size", [0, 1, 575, 577, 10**9])
def test_binary_data_of_another_size_is_400(images, size):
    assert images.json("POST", INFER, *binary(pixels(1), size))[0] == 400


def test_no_mutation_of_a_request_makes_the_server_fail(images):
    chance = random.Random(21)
    plain = {**request(pixels(1, (3, 2))), "outputs": [{"name": "label", "parameters": {"binary_data": True}}]}
    statuses = set()
    for turn in range(400):
        body, headers = binary(pixels(2, (3, 2)))
        if turn % 2:
            asked = plain
            for _ in range(chance.randint(1, 3)):
                asked = mutated(asked, chance)
            body, headers = json.dumps(asked).encode(), {"Content-Type": "application/json"}
        else:
            changed = bytearray(body)
            for _ in range(chance.randint(1, 3)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            body = bytes(changed[: chance.randrange(len(changed))] if turn % 3 == 0 else changed)
        status, _, content = images.call("POST", INFER, body, headers)
        statuses.add(status)
        assert status in (200, 400), (status, body, content)
    assert statuses == {200, 400}
    assert "Traceback" not in (images.root / ".server.log").read_text()


@pytest.mark.parametrize("make", [classifier, searcher])
@pytest.mark.parametrize("as_binary", [False, True])
def test_golden_rows_of_images_are_deployed_and_asked_again(root, kit, make, as_binary):
    model = make()
    golden = golden_rows(model, frame(8, mode="RGB" if make is classifier else "L"), 3)
    (tensor,) = golden.request["inputs"]
    assert (tensor["datatype"], tensor["shape"][:3]) == ("UINT8", [3, *SIZE])
    deployed = deploy(ServerOptions(root=root, port=kit.free_port()), model, golden)
    smoke_test(deployed.url, deployed.name, deployed.version, golden, binary=as_binary)
    daemon.stop(root)


def test_a_model_that_answers_otherwise_fails_the_smoke_test(images):
    golden = golden_rows(classifier(), frame(4), 2)
    golden.response["outputs"][1]["data"][0] += 0.01
    with pytest.raises(SwitchyardError, match="row 0 of output probabilities"):
        smoke_test(images.url, "pets", 1, golden)


def test_golden_rows_of_large_images_stay_small():
    model = classifier()
    about = {**model.metadata, "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 300, 200, 3]}]}
    large = golden_rows(type(model)(model.content, about), frame(3, size=(300, 200)), 2)
    (tensor,) = large.request["inputs"]
    assert tensor["shape"] == [2, 60, 40, 3]
    thinned = np.array(tensor["data"], np.uint8).reshape(tensor["shape"])
    assert probabilities(large.response) == pytest.approx(computed(thinned), abs=1e-6)


def test_an_image_sent_encoded_and_as_pixels_has_one_answer(images):
    image = photo(9)
    encoded_answer = images.json("POST", "/v2/models/pets/predict-image", encoded(image))[1]
    asked = np.asarray(image)[None]
    by_tensor = probabilities(images.json("POST", INFER, *binary(asked))[1])[0]
    assert sorted(encoded_answer["probabilities"].values()) == pytest.approx(sorted(by_tensor), abs=1e-6)
