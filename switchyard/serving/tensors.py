"""Tensors between the wire and NumPy: JSON lists and the binary data extension."""

from __future__ import annotations

import struct
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from switchyard.serving.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.datatypes import Datatype

Array = np.ndarray[Any, Any]
_LENGTH = struct.Struct("<I")
_NULL = type(None)
_FEW = 100


def from_json(name: str, datatype: Datatype, shape: list[int], count: int, data: list[Any]) -> Array:
    """An array of `shape` from a flat or nested list that msgspec has checked on its outer level.

    Raises:
        RequestError: If the number of elements, the nesting or an element's value is wrong.
    """
    kinds = set(map(type, data))
    if list in kinds:
        data = _flat(name, datatype, shape, data)
        kinds = set(map(type, data))
    if len(data) != count:
        raise RequestError(f"input {name}: shape {shape} has {count} elements, data has {len(data)}")
    if _NULL in kinds and datatype.text:
        data = [datatype.missing if value is None else value for value in data]
    try:
        array = np.array(data, dtype=datatype.dtype)
    except OverflowError as error:
        raise _out_of_range(name, datatype) from error
    if datatype.largest is not None and _overflows(data, array, datatype.largest, _NULL in kinds):
        raise _out_of_range(name, datatype)
    return array.reshape(shape)


def _overflows(data: list[Any], array: Array, largest: float, has_nulls: bool) -> bool:
    """Whether a finite number of the request became infinite; for few numbers, asking Python is faster."""
    if has_nulls or len(data) > _FEW:
        return bool(np.isinf(array).any())
    return bool(max(data) > largest or min(data) < -largest)


def _out_of_range(name: str, datatype: Datatype) -> RequestError:
    return RequestError(f"input {name}: a number is out of the range of {datatype.name}")


def _flat(name: str, datatype: Datatype, shape: list[int], data: list[Any]) -> list[Any]:
    """The elements of a nested list whose nesting is exactly `shape`."""
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
