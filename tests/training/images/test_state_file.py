"""A state comes back exactly as it was, and no file that is damaged or foreign is taken for one."""

import io
import json
import math
import zipfile

import numpy as np
import pytest
import torch

from switchyard.training.images import state_file
from switchyard.training.images.state_file import UnreadableFileError

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool", "complex64")


def written(state) -> bytes:
    file = io.BytesIO()
    state_file.write(state, file)
    return file.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.zip"


@pytest.fixture
def read_back(path):
    def through(state):
        path.write_bytes(written(state))
        return state_file.read(path)

    return through


def trained(kind: str) -> dict:
    """The state of an optimizer, a schedule and a scaler after two steps, as `Checkpoint` keeps them."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8)).to(
        memory_format=torch.channels_last
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, fused=kind == "fused")
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=10)
    scaler = torch.amp.GradScaler("cpu", enabled=True)
    for _ in range(2):
        scaler.scale(network(torch.rand(4, 3, 6, 6)).square().sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
    parts = (network, optimizer, schedule, scaler)
    return {
        "states": [dict(part.state_dict()) for part in parts],
        "random": torch.get_rng_state(),
        "history": [{"loss": 0.1}],
    }


def same(one, other) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and one.stride() == other.stride() and torch.equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(each, other[key]) for key, each in one.items())
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("kind", ["fused", "plain"])
def test_everything_that_torch_keeps_of_a_training_comes_back(read_back, kind):
    state = trained(kind)

    assert same(state, read_back(state))


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_of_every_type_and_shape_come_back_bit_by_bit(read_back, dtype):
    numbers = torch.arange(24).reshape(2, 3, 2, 2).to(getattr(torch, dtype))
    state = [numbers, numbers.to(memory_format=torch.channels_last), numbers[0, 0, 0, 1], numbers[:0], numbers[:, 1]]

    back = read_back(state)

    assert [each.dtype for each in back] == [numbers.dtype] * 5
    assert all(map(torch.equal, state, back))
    assert [each.stride() for each in back[:4]] == [each.stride() for each in state[:4]]


def test_numbers_come_back_exactly_and_as_what_they_were(read_back):
    numbers = [
        0.1,
        1 / 3,
        5e-324,
        -0.0,
        math.inf,
        2**70,
        1,
        1.0,
        True,
        None,
        "Zoë",
        (1, [2.5, ()]),
        {0: {"a": 1}, "0": 2},
    ]

    assert repr(read_back(numbers)) == repr(numbers)
    assert math.isnan(read_back(math.nan))
    assert read_back({}) == {}


def test_bits_of_a_number_that_is_none_are_kept(read_back):
    odd = torch.tensor([0x7FC01234, -1], dtype=torch.int32).view(torch.float32)

    assert read_back(odd).view(torch.int32).tolist() == [0x7FC01234, -1]


@pytest.mark.parametrize("value", [object(), {1.5: 0}, {(1, 2): 0}, {1, 2}, b"bytes", torch.float32, len])
def test_what_cannot_be_kept_is_refused(value):
    with pytest.raises(TypeError, match="state"):
        written({"it": [value]})


def tensors(state) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [found for each in parts for found in tensors(each)]


def test_there_is_nothing_in_it_but_json_and_the_bytes_of_the_tensors(path):
    state = trained("fused")
    path.write_bytes(written(state))

    with zipfile.ZipFile(path) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
    assert set(members) == {"tensors.bin", "state.json"}
    assert set(json.loads(members["state.json"])) == {"format", "state"}
    assert len(members["tensors.bin"]) == sum(each.nbytes for each in tensors(state))


def test_a_file_that_is_cut_off_anywhere_is_no_state(path):
    content = written({"weights": torch.arange(20.0), "epoch": 3})

    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(UnreadableFileError):
            state_file.read(path)


def test_a_byte_that_has_changed_anywhere_is_noticed_or_without_effect(path):
    state = {"weights": torch.arange(20.0), "epoch": 3}
    content = written(state)
    noticed = 0

    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            assert same(state, state_file.read(path))
        except UnreadableFileError:
            noticed += 1
    assert noticed > len(content) / 2


def foreign(kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "torch":
        torch.save({"epoch": 3}, file)
    elif kind == "numpy":
        np.savez(file, epoch=3)
    elif kind == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("state.json", '{"format": "another", "state": 1}')
            archive.writestr("tensors.bin", "")
    elif kind == "tensors":  # whole, but with fewer numbers than it says
        with zipfile.ZipFile(file, "w") as archive:
            around = '{"format": "switchyard state 1", "state": {"tensor": ["torch.float32", [9], [1], 0]}}'
            archive.writestr("state.json", around)
            archive.writestr("tensors.bin", b"1234")
    else:
        file.write(b"epoch: 3\n")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["torch", "numpy", "zip", "tensors", "text"])
def test_foreign_files_are_no_state(path, kind):
    path.write_bytes(foreign(kind))

    with pytest.raises(UnreadableFileError):
        state_file.read(path)


def test_a_file_that_is_not_there_is_no_state(path):
    with pytest.raises(UnreadableFileError, match="FileNotFoundError"):
        state_file.read(path)
