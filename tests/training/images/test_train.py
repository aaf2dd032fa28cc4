"""From tables of images to an ONNX file: what it answers, that its bytes repeat, and what is refused."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from switchyard.data.images.image_table import ImageTable
from switchyard.errors import InputError, SwitchyardError
from switchyard.model.decoding import decode
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images import parity
from switchyard.training.images import task as train_steps
from tests.fixtures import shapes


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return shapes.sets(tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def epochs() -> list[dict]:
    return []


@pytest.fixture(scope="module")
def trained(folder, epochs):
    return shapes.fit(folder, on_epoch=epochs.append)


def answers(model: OnnxModel, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return tuple(model.session.run(["label", "probabilities"], {"image": pixels}))


def test_it_learns_what_the_images_show(folder, trained):
    table = ImageTable.open(folder / "test.parquet")
    rows, pixels = next(table.batches(100, 1, shapes.SIZE))
    labels, probabilities = answers(trained.model, pixels)
    assert (labels == table.labels[rows]).mean() >= 0.95
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    classes = np.array(trained.model.metadata["classes"], dtype=object)
    assert (classes[probabilities.argmax(axis=1)] == labels).all()


def test_every_epoch_is_told_and_kept(trained, epochs):
    assert epochs == trained.history
    assert [each["epoch"] for each in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1]["validation_loss"] < epochs[0]["validation_loss"] / 2
    assert epochs[-1]["learning_rate"] < 1e-5 < epochs[0]["learning_rate"]
    keys = {"epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds"}
    assert set(epochs[0]) == keys


def test_the_graph_resizes_as_pillow_does(trained):
    """An image of another size answers as it would have in training, where Pillow made it smaller."""
    rng = np.random.default_rng(7)
    for size in ((28, 28), (31, 45), (10, 9)):
        for kind in shapes.KINDS[:3]:
            pixels = shapes.draw(kind, rng, size)
            _, whole = answers(trained.model, pixels[None])
            _, small = answers(trained.model, decode(shapes.png(pixels), 1, shapes.SIZE)[None])
            np.testing.assert_allclose(whole, small, atol=0.01)


def test_a_batch_answers_as_its_images_do_one_by_one(trained):
    pixels = np.stack([shapes.draw("flat", np.random.default_rng(number), (20, 17)) for number in range(7)])
    _, together = answers(trained.model, pixels)
    alone = np.concatenate([answers(trained.model, pixels[n : n + 1])[1] for n in range(7)])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_the_card_says_what_goes_in(trained, tmp_path):
    (tmp_path / "model.onnx").write_bytes(trained.model.content)
    metadata = OnnxModel.load(tmp_path / "model.onnx").metadata
    assert metadata["name"] == metadata["candidate"] == "it" and metadata["task"] == "image_classification"
    assert metadata["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, 14, 14, 1]}]
    assert metadata["classes"] == ["disc", "flat", "tall"]
    assert trained.model.metadata["parity"]["max_difference"] < 1e-5
    assert trained.model.metadata["sha256"] == hashlib.sha256(trained.model.content).hexdigest()


SCRIPT = """
import hashlib, sys
from pathlib import Path
from tests.fixtures import shapes
print(hashlib.sha256(shapes.fit(Path(sys.argv[1]), **eval(sys.argv[2])).model.content).hexdigest())
"""


def digest(folder: Path, given: str = "{}", **environment: str) -> str:
    """Of the model that a fresh process trains."""
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), given],
        env=os.environ | {"PYTHONPATH": root} | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_same_seed_gives_the_same_bytes_in_a_process_with_another_hash_seed(folder, trained):
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    named = shapes.fit(folder).model
    assert digest(folder, PYTHONHASHSEED=other) == hashlib.sha256(named.content).hexdigest()
    assert shapes.fit(folder).model.content == trained.model.content
    assert shapes.fit(folder, seed=4).model.content != named.content


def test_bytes_tell_nothing_of_the_place_and_the_time(trained):
    model = onnx.load_model_from_string(trained.model.content)
    assert [each.key for each in model.metadata_props] == ["switchyard.card"]
    assert not any(node.doc_string or node.metadata_props for node in model.graph.node)
    for word in (str(Path.cwd()), str(Path(onnx.__file__).parent.parent), "seconds"):
        assert word.encode() not in trained.model.content


def test_wrong_weights_and_wrong_labels_are_refused(folder, trained):
    _, images = next(ImageTable.open(folder / "validation.parquet").batches(60, 1, shapes.SIZE))

    def expected(pixels):
        return answers(trained.model, pixels)[1].astype(float)

    parity.check(parity.measure(expected, trained.model, images, "probabilities"), "it")
    proto = onnx.load_model_from_string(trained.model.content)
    largest = max((t for t in proto.graph.initializer if t.data_type == 1), key=lambda t: np.prod(t.dims))
    largest.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(largest) * np.float32(1.01), largest.name))
    wrong = OnnxModel(proto.SerializeToString(), trained.model.metadata)
    with pytest.raises(SwitchyardError, match=r"candidate it: the ONNX graph differs .* 1e-05 is allowed"):
        parity.check(parity.measure(expected, wrong, images, "probabilities"), "it")
    proto = onnx.load_model_from_string(trained.model.content)
    next(t for t in proto.graph.initializer if t.string_data).string_data[:] = [b"tall", b"disc", b"flat"]
    wrong = OnnxModel(proto.SerializeToString(), trained.model.metadata)
    with pytest.raises(SwitchyardError, match="gives other labels"):
        parity.check(parity.measure(expected, wrong, images, "probabilities"), "it")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"epoch": 3}, r"candidates\.it\.params\.epoch is not known; it can be batch_size, cache_mb, epochs"),
        ({"epochs": 0}, r"candidates\.it\.params\.epochs is 0: input should be greater than or equal to 1"),
        ({"rotate": "much"}, r"candidates\.it\.params\.rotate is 'much': input should be a valid number"),
        ({"processes": 17}, r"processes is 17, more than batch_size \(16\)"),
    ],
)
def test_params_that_cannot_be_are_named(folder, params, message):
    with pytest.raises(InputError, match=message):
        shapes.fit(folder, **params)


def test_tables_that_cannot_be_learned_from_are_named(folder, tmp_path):
    shapes.sets(tmp_path)
    shapes.write(tmp_path / "training.parquet", 20, 0, kinds=("disc",))
    with pytest.raises(InputError, match=r"has images of the class 'disc' only"):
        shapes.fit(tmp_path)
    shapes.write(tmp_path / "training.parquet", 20, 0, kinds=("ring", "flat"))
    shapes.write(tmp_path / "validation.parquet", 20, 0, kinds=("tall",))
    with pytest.raises(InputError, match=r"validation\.parquet has no image of the classes flat, ring"):
        shapes.fit(tmp_path)
    (tmp_path / "training.parquet").write_text("no table")
    with pytest.raises(InputError, match=r"training\.parquet is not a Parquet file"):
        shapes.fit(tmp_path)


def test_colour_images_of_any_proportion_are_learned(tmp_path):
    for name, rows in (("training", 60), ("validation", 30)):
        shapes.write(tmp_path / f"{name}.parquet", rows, rows, size=(20, 30), channels=3)
    model = shapes.fit(tmp_path, epochs=1, size=(16, 24), channels=3).model
    assert model.metadata["inputs"][0]["shape"] == [-1, 16, 24, 3]
    colours = decode(shapes.png(shapes.draw("disc", np.random.default_rng(0), channels=3)), 3)
    assert answers(model, colours[None])[1].shape == (1, 3)


@pytest.mark.skipif(torch.cuda.is_available(), reason="what is told of GPUs that are not there needs a machine without")
def test_gpus_that_are_asked_for_and_not_there_are_named():
    with pytest.raises(
        SwitchyardError, match=r"has asked for 2 GPUs, and PyTorch 2\.\S+ sees none: name an image with"
    ):
        train_steps.check_gpus(2)
