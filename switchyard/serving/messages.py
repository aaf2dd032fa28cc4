"""The JSON messages of the Open Inference Protocol v2, decoded and checked by msgspec.

An input is a tagged union on `datatype`, so that msgspec checks every element of `data` in C:
a string in an FP32 tensor never reaches NumPy, which would parse it.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from switchyard.serving.datatypes import DATATYPES


class TensorParameters(Struct):
    """What the binary data extension says about one input or one requested output."""

    binary_data_size: Annotated[int, Meta(ge=0)] | None = None
    binary_data: bool | None = None


class InputTensor(Struct, tag_field="datatype"):
    """One input of a request; the subclass carries the datatype and the typed `data`."""

    name: str
    shape: list[Annotated[int, Meta(ge=1)]]
    parameters: TensorParameters | None = None
    data: list[Any] | None = None


def _typed(name: str, element: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - a type expression
    values = list[element | list[Any]] | None
    return msgspec.defstruct(f"{name}Tensor", [("data", values, None)], bases=(InputTensor,), tag=name)


_AnyTensor: Any = reduce(or_, [_typed(datatype.name, datatype.element) for datatype in DATATYPES])


class RequestedOutput(Struct):
    """An output that the client asks for by name."""

    name: str
    parameters: TensorParameters | None = None


class RequestParameters(Struct):
    """Parameters of the whole request."""

    binary_data_output: bool = False


class InferRequest(Struct):
    """The body of POST …/infer."""

    inputs: list[_AnyTensor]
    id: str | None = None
    outputs: list[RequestedOutput] | None = None
    parameters: RequestParameters | None = None


class OutputTensor(Struct, omit_defaults=True):
    """One output of a response: `data`, or its size in the binary part."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any] | None = None
    parameters: dict[str, int] | None = None


class InferResponse(Struct, omit_defaults=True):
    """The answer to POST …/infer."""

    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str | None = None


class LoadParameters(Struct):
    """Switchyard's own parameters of load and unload: which version, and whether it becomes the default."""

    version: str | int | None = None
    default: bool | None = None


class LoadRequest(Struct):
    """The body of POST /v2/repository/models/NAME/load and …/unload."""

    parameters: LoadParameters = msgspec.field(default_factory=LoadParameters)


class IndexRequest(Struct):
    """The body of POST /v2/repository/index."""

    ready: bool = False
