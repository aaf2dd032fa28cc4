"""The tensor datatypes of the Open Inference Protocol, each with its ONNX and NumPy type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Datatype:
    """One datatype of the protocol.

    Attributes:
        name: The protocol's name, such as `FP32`.
        onnx: onnxruntime's name, such as `tensor(float)`.
        dtype: NumPy's type, little-endian as on the wire; object for BYTES.
        element: What one JSON element may be.
        missing: What a JSON null stands for; None where null is an error.
        largest: What a JSON number may not exceed, where NumPy would make infinity of it.
        text: Whether it is BYTES.
    """

    name: str
    onnx: str
    dtype: np.dtype[Any]
    element: Any
    missing: Any = None
    largest: float | None = None
    text: bool = False


def _floating(name: str, onnx: str, dtype: str) -> Datatype:
    largest = None if name == "FP64" else float(np.finfo(dtype).max)
    return Datatype(name, onnx, np.dtype(dtype), float | None, float("nan"), largest)


def _integer(name: str, onnx: str, dtype: str) -> Datatype:
    return Datatype(name, onnx, np.dtype(dtype), int)


DATATYPES = (
    _floating("FP16", "tensor(float16)", "<f2"),
    _floating("FP32", "tensor(float)", "<f4"),
    _floating("FP64", "tensor(double)", "<f8"),
    _integer("INT8", "tensor(int8)", "<i1"),
    _integer("INT16", "tensor(int16)", "<i2"),
    _integer("INT32", "tensor(int32)", "<i4"),
    _integer("INT64", "tensor(int64)", "<i8"),
    _integer("UINT8", "tensor(uint8)", "<u1"),
    _integer("UINT16", "tensor(uint16)", "<u2"),
    _integer("UINT32", "tensor(uint32)", "<u4"),
    _integer("UINT64", "tensor(uint64)", "<u8"),
    Datatype("BOOL", "tensor(bool)", np.dtype(np.bool_), bool),
    Datatype("BYTES", "tensor(string)", np.dtype(object), str | None, "", text=True),
)
BY_NAME = {datatype.name: datatype for datatype in DATATYPES}
BY_ONNX = {datatype.onnx: datatype for datatype in DATATYPES}
