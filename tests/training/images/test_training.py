"""A training that is killed and goes on, one in two processes, early stopping, and what makes it end."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from switchyard.errors import InputError, SwitchyardError
from switchyard.training.checkpoint_files import CHECKPOINT, FETCHED
from switchyard.training.images import fitting, state_file
from tests.fixtures import shapes

CURVE = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return shapes.sets(tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def whole(folder):
    """At one go."""
    return shapes.fit(folder)


def curve(history: list[dict]) -> np.ndarray:
    return np.array([[epoch[name] for name in CURVE] for epoch in history])


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.fixtures import shapes

def die(epoch):
    print(epoch["epoch"], flush=True)
    if epoch["epoch"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)

shapes.fit(Path(sys.argv[1]), folder=Path(sys.argv[2]), on_epoch=die)
"""


def test_a_training_that_is_killed_goes_on_and_ends_in_the_same_bytes(folder, whole, tmp_path):
    root = str(Path(__file__).parents[3])
    given = [sys.executable, "-c", KILLED, str(folder), str(tmp_path)]
    done = subprocess.run(given, env=os.environ | {"PYTHONPATH": root}, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -9
    assert done.stdout.split() == ["1", "2", "3"]
    told: list[dict] = []
    resumed = shapes.fit(folder, folder=tmp_path, on_epoch=told.append)
    assert [each["epoch"] for each in told] == [4, 5, 6]
    assert (curve(resumed.history) == curve(whole.history)).all()
    assert resumed.model.content == whole.model.content
    told.clear()
    finished = shapes.fit(folder, folder=tmp_path, on_epoch=told.append)
    assert told == [] and finished.model.content == whole.model.content


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_used(folder, whole, tmp_path, caplog):
    told: list[dict] = []
    shapes.fit(folder, folder=tmp_path, epochs=1, seed=4)
    assert shapes.fit(folder, folder=tmp_path, on_epoch=told.append).model.content == whole.model.content
    assert [each["epoch"] for each in told] == [1, 2, 3, 4, 5, 6]
    assert "is of another config or other data: training goes on without it" in caplog.text
    file = tmp_path / CHECKPOINT
    file.write_bytes(file.read_bytes()[:1000])
    caplog.clear()
    assert shapes.fit(folder, folder=tmp_path).model.content == whole.model.content
    assert [each.getMessage() for each in caplog.records if each.levelname == "WARNING"] == [
        f"{file} cannot be read (BadZipFile): training goes on without it"
    ]


def test_a_checkpoint_that_is_cut_off_while_it_is_written_leaves_the_last_one(folder, whole, tmp_path, monkeypatch):
    write, epochs = state_file.write, []

    def cut_off(state, file):
        epochs.append(state["epoch"])
        if state["epoch"] == 3:
            file.write(b"half")
            raise KeyboardInterrupt
        write(state, file)

    monkeypatch.setattr(state_file, "write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        shapes.fit(folder, folder=tmp_path)
    monkeypatch.setattr(state_file, "write", write)
    told: list[dict] = []
    assert shapes.fit(folder, folder=tmp_path, on_epoch=told.append).model.content == whole.model.content
    assert epochs == [1, 2, 3] and told[0]["epoch"] == 3


@pytest.mark.parametrize(("here", "fetched", "first"), [(2, 4, 5), (4, 2, 5), (None, 4, 5), ("damaged", 2, 3)])
def test_a_training_goes_on_from_the_newer_of_two_checkpoints(folder, whole, tmp_path, here, fetched, first):
    kept: dict[int, bytes] = {}
    written = tmp_path / "written"
    shapes.fit(
        folder, folder=written, on_epoch=lambda each: kept.update({each["epoch"]: (written / CHECKPOINT).read_bytes()})
    )
    (tmp_path / FETCHED).write_bytes(kept[fetched])
    if here:
        (tmp_path / CHECKPOINT).write_bytes(kept.get(here, b"half"))

    told: list[dict] = []
    assert shapes.fit(folder, folder=tmp_path, on_epoch=told.append).model.content == whole.model.content
    assert told[0]["epoch"] == first


def test_a_folder_that_another_run_of_the_same_has_cleared_away_is_made_again(folder, whole, tmp_path, monkeypatch):
    write, there = state_file.write, tmp_path / "there"

    def cleared(state, file):
        write(state, file)
        if state["epoch"] in (2, 4) and not state.get("seen"):
            state["seen"] = 1
            shutil.rmtree(there)

    monkeypatch.setattr(state_file, "write", cleared)
    assert shapes.fit(folder, folder=there).model.content == whole.model.content
    assert [each.name for each in there.iterdir()] == [CHECKPOINT]


def test_two_processes_learn_what_one_does(folder):
    """gloo, each with its part of every batch of 15: the same curve, but for the order in which floats are added."""
    one = shapes.fit(folder, batch_size=15, epochs=3)
    told: list[dict] = []
    two = shapes.fit(folder, batch_size=15, epochs=3, processes=2, on_epoch=told.append)
    assert told == two.history
    np.testing.assert_allclose(curve(two.history), curve(one.history), rtol=1e-4)
    assert hashlib.sha256(two.model.content).hexdigest() == two.model.metadata["sha256"]


def test_an_image_that_cannot_be_read_in_one_of_two_processes_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting, "NORMALISED_BY", 1)  # the first batch alone is read before the processes start
    shapes.sets(tmp_path)
    shapes.write(tmp_path / "training.parquet", 150, 0, damaged=149)
    with pytest.raises(InputError, match=r"training\.parquet: the image tall/149\.png .*damaged"):
        shapes.fit(tmp_path, processes=2, cache_mb=0, epochs=1)


def test_it_stops_when_the_validation_loss_no_longer_falls_and_keeps_the_best(folder, whole):
    """With a learning rate at which nothing changes, no epoch is better than the first few; nine warm up."""
    still = shapes.fit(folder, learning_rate=1e-9, patience=2, epochs=30)
    losses = [epoch["validation_loss"] for epoch in still.history]
    assert losses.index(min(losses)) + 1 < 9
    assert len(losses) == 9 + 2
    assert len(shapes.fit(folder, learning_rate=1e-9, patience=0, epochs=7).history) == 7


def test_few_images_are_learned_as_many_are(tmp_path):
    """Of two steps an epoch, torch's moving average reaches back ten epochs: validation would be guessing."""
    for name, rows, seed in (("training", 90, 0), ("validation", 60, 1)):
        shapes.write(tmp_path / f"{name}.parquet", rows, seed)
    few = shapes.fit(tmp_path, batch_size=64, epochs=20, learning_rate=0.02, patience=2).history
    assert few[8]["accuracy"] > 0.95
    assert few[8]["validation_accuracy"] > 0.95


def test_a_loss_that_is_no_number_ends_the_training_with_a_sentence(folder, monkeypatch):
    from switchyard.training.images.network import Classifier

    forward = Classifier.forward
    monkeypatch.setattr(Classifier, "forward", lambda *given: tuple(each * float("nan") for each in forward(*given)))
    with pytest.raises(SwitchyardError, match=r"the loss is nan .* after epoch 1, .*: lower learning_rate"):
        shapes.fit(folder)


def test_mixed_precision_on_a_cpu_learns_as_well(folder, whole):
    mixed = shapes.fit(folder, mixed_precision="on")
    assert mixed.history[-1]["validation_accuracy"] > 0.9
    assert curve(mixed.history)[-1, 0] != curve(whole.history)[-1, 0]
    assert mixed.model.metadata["parity"]["max_difference"] < 1e-5


def test_training_leaves_torch_and_its_random_state_as_they_were(folder):
    torch.manual_seed(99)
    expected = torch.rand(3)
    torch.manual_seed(99)
    before = torch.get_num_threads()
    shapes.fit(folder, epochs=1)
    assert torch.get_num_threads() == before
    assert torch.equal(torch.rand(3), expected)
