"""The JSON messages of the Open Inference Protocol v2, decoded and checked by msgspec.

An input is a tagged union on `datatype`, so that msgspec checks every element of `data` in C:
a string in an FP32 tensor never reaches NumPy, which would parse it. The messages of a request hold no cycles, so the
garbage collector need not look at them (`gc=False`).
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from switchyard.serving.protocol.datatypes import DATATYPES


class TensorParameters(Struct, gc=False):
    """What the binary data extension says about one input or one requested output."""

    binary_data_size: Annotated[int, Meta(ge=0)] | None = None
    binary_data: bool | None = None


class InputTensor(Struct, tag_field="datatype", gc=False):
    """One input of a request; the subclass carries the datatype and the typed `data`."""

    name: str
    shape: list[Annotated[int, Meta(ge=1)]]
    parameters: TensorParameters | None = None
    data: list[Any] | None = None


def _typed(name: str, element: Any) -> type[msgspec.Struct]:  # noqa: ANN401 - a type expression
    values = list[element | list[Any]] | None
    return msgspec.defstruct(f"{name}Tensor", [("data", values, None)], bases=(InputTensor,), tag=name, gc=False)


_TENSORS = {_typed(datatype.name, datatype.element): datatype.name for datatype in DATATYPES}
_AnyTensor: Any = reduce(or_, _TENSORS)


def datatype_name(tensor: InputTensor) -> str:
    """The datatype that a request gives for an input."""
    return _TENSORS[type(tensor)]


class RequestedOutput(Struct, gc=False):
    """An output that the client asks for by name."""

    name: str
    parameters: TensorParameters | None = None


class RequestParameters(Struct, gc=False):
    """Parameters of the whole request."""

    binary_data_output: bool = False


class InferRequest(Struct, gc=False):
    """The body of POST …/infer."""

    inputs: list[_AnyTensor]
    id: str | None = None
    outputs: list[RequestedOutput] | None = None
    parameters: RequestParameters | None = None


class OutputTensor(Struct, omit_defaults=True, gc=False):
    """One output of a response: `data`, or its size in the binary part."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any] | None = None
    parameters: dict[str, int] | None = None


class InferResponse(Struct, omit_defaults=True, gc=False):
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
