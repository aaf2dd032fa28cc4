"""Tensors between the wire and NumPy: JSON lists and the binary data extension."""

from __future__ import annotations

import struct
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.protocol.datatypes import Datatype

Array = np.ndarray[Any, Any]
_LENGTH = struct.Struct("<I")


def overflow_is_an_error() -> np.errstate:
    """NumPy makes infinity of 1e39 in FP32 and only warns; under this it raises FloatingPointError."""
    return np.errstate(over="raise")


def from_json(name: str, datatype: Datatype, shape: list[int], count: int, data: list[Any]) -> Array:
    """An array of `shape` from a flat or nested list that msgspec has checked on its outer level.

    To be called under `overflow_is_an_error`.

    Raises:
        RequestError: If the number of elements, the nesting or an element's value is wrong.
    """
    if len(data) != count or (datatype.text and list in set(map(type, data))):
        data = _flat(name, datatype, shape, count, data)
    array = _array(name, datatype, data)
    if array is None or array.ndim != 1:
        array = _array(name, datatype, _flat(name, datatype, shape, count, data))
    return array.reshape(shape)  # type: ignore[union-attr] # a flat list of checked elements is an array


def _array(name: str, datatype: Datatype, data: list[Any]) -> Array | None:
    """An array of the list, of one axis if the list is flat; None if NumPy cannot make any of it."""
    if datatype.text and None in data:
        data = [datatype.missing if value is None else value for value in data]
    try:
        return np.array(data, dtype=datatype.dtype)
    except (OverflowError, FloatingPointError) as error:
        raise RequestError(f"input {name}: a number is out of the range of {datatype.name}") from error
    except (ValueError, TypeError):
        return None


def _flat(name: str, datatype: Datatype, shape: list[int], count: int, data: list[Any]) -> list[Any]:
    """The elements of a nested list whose nesting is exactly `shape`."""
    if list not in set(map(type, data)):
        raise RequestError(f"input {name}: shape {shape} has {count} elements, data has {len(data)}")
    rows: list[Any] = [data]
    for size in shape:
        if any(type(row) is not list or len(row) != size for row in rows):
            raise RequestError(f"input {name}: data is nested, but not as shape {shape} says")
        rows = list(chain.from_iterable(rows))
    if list in map(type, rows):
        raise RequestError(f"input {name}: data is nested deeper than shape {shape} says")
    try:
        return msgspec.convert(rows, list[datatype.element])  # type: ignore[name-defined]
    except msgspec.ValidationError as error:
        raise RequestError(f"input {name}: {error}") from error


def from_binary(name: str, datatype: Datatype, shape: list[int], count: int, raw: memoryview) -> Array:
    """An array of `shape` from the bytes of the binary data extension.

    Raises:
        RequestError: If there are too few or too many bytes, or a string is not UTF-8.
    """
    if datatype.text:
        array = np.array(_strings(name, raw), dtype=object)
        if len(array) != count:
            raise RequestError(f"input {name}: shape {shape} has {count} elements, the binary data has {len(array)}")
        return array.reshape(shape)
    want = count * datatype.dtype.itemsize
    if len(raw) != want:
        raise RequestError(f"input {name}: shape {shape} of {datatype.name} takes {want} bytes, found {len(raw)}")
    if datatype.dtype == np.bool_ and any(byte > 1 for byte in raw):
        raise RequestError(f"input {name}: a BOOL is a byte of 0 or 1")
    return np.frombuffer(raw, datatype.dtype).reshape(shape)


def _strings(name: str, raw: memoryview) -> list[str]:
    strings, start = [], 0
    try:
        while start < len(raw):
            (length,) = _LENGTH.unpack_from(raw, start)
            start += 4 + length
            if start > len(raw):
                raise RequestError(f"input {name}: the binary data ends within a string")
            strings.append(str(raw[start - length : start], "utf-8"))
    except struct.error as error:
        raise RequestError(f"input {name}: the binary data ends within the length of a string") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"input {name}: a string is not UTF-8") from error
    return strings


def to_json(array: Array) -> list[Any]:
    """The elements, row by row; NaN and infinity become null when they are encoded, for JSON has no name for them."""
    values: list[Any] = array.ravel().tolist()
    return values


def to_binary(array: Array) -> bytes:
    """The bytes of the binary data extension."""
    if array.dtype != object:
        return array.tobytes()
    parts = []
    for value in array.ravel().tolist():
        text = value.encode()
        parts += [_LENGTH.pack(len(text)), text]
    return b"".join(parts)
