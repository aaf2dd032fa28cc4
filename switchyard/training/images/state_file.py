"""Tensors, numbers and text, nested as torch nests them, in one file that can hold no code: no pickle.

The file is a zip, stored and not compressed, with two members: `tensors.bin`, the bytes of all tensors one after the
other, and `state.json`, what is around them. A zip ends in its table of contents and has a checksum of each member, so
a file that was cut off or has changed on its way is told from a whole one.
"""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path
from typing import IO, Any

import torch

_JSON, _TENSORS = "state.json", "tensors.bin"
_FORMAT = "switchyard state 1"
_DTYPES = {str(each): each for each in vars(torch).values() if isinstance(each, torch.dtype)}


class UnreadableFileError(Exception):
    """A file is not there, is none of `write`, or is no longer whole."""


def write(state: object, file: IO[bytes]) -> None:
    """Write a state.

    Args:
        state: Dicts with keys that are text or whole numbers, lists, tuples, tensors of any type and layout, numbers,
            text, true, false and None.
        file: Where to write.

    Raises:
        TypeError: There is something else in it.
    """
    pool = _Pool()
    around = json.dumps({"format": _FORMAT, "state": pool.without_tensors(state)})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_TENSORS, "w", force_zip64=True) as member:
            for tensor in pool.tensors:
                member.write(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
        archive.writestr(_JSON, around)


def read(path: Path) -> Any:  # noqa: ANN401 - whatever was written
    """Read a state; every tensor is on the CPU, with the type and the layout that it had.

    Args:
        path: A file.

    Raises:
        UnreadableFileError: It is not there, it is none of `write`, or it is no longer whole.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            around, content = json.loads(archive.read(_JSON)), archive.read(_TENSORS)
        if around["format"] != _FORMAT:
            raise UnreadableFileError(f"its format is {around['format']!r}")
        # A copy, for torch wants memory that may be written to; an empty one it does not take.
        pool = torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else torch.empty(0, dtype=torch.uint8)
        return _unpacked(around["state"], pool)
    except UnreadableFileError:
        raise
    except Exception as error:  # bytes that are anything may fail anywhere
        raise UnreadableFileError(type(error).__name__) from error


class _Pool:
    """Takes the tensors out of a state.

    Attributes:
        tensors: Those found, in the order in which they are written.
    """

    def __init__(self) -> None:
        self.tensors: list[torch.Tensor] = []
        self._bytes = 0

    def without_tensors(self, value: object) -> object:
        """A state as JSON has it; a list stands for itself, and what JSON has not is a table with one key, its kind."""
        if isinstance(value, torch.Tensor):
            return {"tensor": self._place(value.detach().cpu())}
        if isinstance(value, dict):
            for key in value:
                if type(key) not in (str, int):
                    raise TypeError(f"a key of a state is text or a whole number, not {key!r}")
            return {"dict": [[key, self.without_tensors(each)] for key, each in value.items()]}
        if isinstance(value, tuple):
            return {"tuple": [self.without_tensors(each) for each in value]}
        if isinstance(value, list):
            return [self.without_tensors(each) for each in value]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"a state holds tensors, numbers and text, not a {type(value).__name__}")

    def _place(self, tensor: torch.Tensor) -> list[object]:
        """Type, shape, layout and first byte."""
        # An optimizer's fused step goes through weights and moments in the order in which they lie in memory, so that
        # they must lie alike again. What is part of a larger tensor gets a layout without gaps.
        stride = torch.empty_like(tensor, device="meta").stride()
        placed = [str(tensor.dtype), list(tensor.shape), list(stride), self._bytes]
        self.tensors.append(tensor)
        self._bytes += tensor.nbytes
        return placed


def _unpacked(value: Any, pool: torch.Tensor) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_unpacked(each, pool) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        dtype, shape, stride, start = content
        return _tensor(_DTYPES[dtype], shape, stride, pool[start:])
    if kind == "tuple":
        return tuple(_unpacked(each, pool) for each in content)
    if kind == "dict":
        return {key: _unpacked(each, pool) for key, each in content}
    raise UnreadableFileError(f"it holds a {kind!r}")


def _tensor(dtype: torch.dtype, shape: list[int], stride: list[int], pool: torch.Tensor) -> torch.Tensor:
    content = pool[: math.prod(shape) * dtype.itemsize].clone().view(dtype).reshape(shape)
    return torch.empty_strided(shape, stride, dtype=dtype).copy_(content)
