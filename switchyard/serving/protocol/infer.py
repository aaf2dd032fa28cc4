"""The answer to one infer request: bytes in, bytes out, no HTTP.

A pure function of a loaded model and a body, so it runs in the event loop or in a thread alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from switchyard.serving.protocol.messages import InferRequest, InferResponse, InputTensor, OutputTensor, datatype_name
from switchyard.serving.protocol.request_error import RequestError
from switchyard.serving.protocol.tensor_shapes import Sizes
from switchyard.serving.protocol.tensors import Array, from_binary, from_json, overflow_is_an_error, to_binary, to_json

if TYPE_CHECKING:
    from switchyard.serving.engine.loaded_model import LoadedModel
    from switchyard.serving.protocol.tensor_shapes import TensorSpec

_decode_request = msgspec.json.Decoder(InferRequest).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Question:
    """A request, decoded and checked.

    Attributes:
        request: What it says.
        feed: The inputs of the graph.
        names: The outputs that are asked for.
    """

    request: InferRequest
    feed: dict[str, Array]
    names: list[str]


@dataclass(frozen=True)
class Answer:
    """A response body.

    Attributes:
        body: JSON, followed by binary tensors if any were asked for.
        header_length: The length of the JSON if binary tensors follow, else None.
        rows: The length of the first axis of the first input.
    """

    body: bytes
    header_length: int | None
    rows: int


def infer(model: LoadedModel, body: bytes, header_length: int | None = None) -> Answer:
    """Decode a request, run the graph, encode the response; and note how fast this model is.

    Args:
        model: The version that answers.
        body: The request's body.
        header_length: How many of its bytes are JSON; None if all.

    Raises:
        RequestError: If the request is not one that this model can answer.
    """
    return model.pace.measured(len(body), partial(_infer, model, body, header_length))


def _infer(model: LoadedModel, body: bytes, header_length: int | None) -> Answer:
    question = read(model, body, header_length)
    return respond(model, question, model.run(question.feed, question.names))


def read(model: LoadedModel, body: bytes, header_length: int | None) -> Question:
    """Decode a request; arguments and errors as those of `infer`."""
    view = memoryview(body)
    if header_length is None:
        request, binary = _decode(body), view[:0]
    else:
        if header_length > len(body):
            raise RequestError(
                f"Inference-Header-Content-Length is {header_length}, but the body has {len(body)} bytes"
            )
        request, binary = _decode(bytes(view[:header_length])), view[header_length:]
    feed = _feed(model, request.inputs, binary)
    return Question(request, feed, _names(model, request))


def _decode(body: bytes) -> InferRequest:
    if not body:
        raise RequestError('the body is empty, expected JSON such as {"inputs": [...]}')
    try:
        return _decode_request(body)
    except msgspec.ValidationError as error:
        raise RequestError(_name_the_tensor(body, str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise RequestError("the body is nested too deeply") from error


def _name_the_tensor(body: bytes, message: str) -> str:
    """Msgspec says `$.inputs[1].data[0]`; a person wants to read the input's name."""
    _, found, place = message.partition("$.inputs[")
    try:
        tensor = msgspec.json.decode(body)["inputs"][int(place.split("]")[0])] if found else None
        return f"input {tensor['name']}: {message}" if tensor is not None else message
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return message


def _feed(model: LoadedModel, tensors: list[InputTensor], binary: memoryview) -> dict[str, Array]:
    feed: dict[str, Array] = {}
    sizes = Sizes()
    start = 0
    with overflow_is_an_error():
        for tensor in tensors:
            name = tensor.name
            spec = _spec(model, tensor, feed)
            count = sizes.elements(spec, tensor.shape)
            if model.image is not None:
                model.image.check(tensor.shape)
            if tensor.parameters is None or tensor.parameters.binary_data_size is None:
                if tensor.data is None:
                    raise RequestError(f"input {name} has neither data nor binary_data_size")
                feed[name] = from_json(name, spec.datatype, tensor.shape, count, tensor.data)
            else:
                end = start + tensor.parameters.binary_data_size
                feed[name] = from_binary(name, spec.datatype, tensor.shape, count, _part(tensor, binary, start, end))
                start = end
    if start != len(binary):
        raise RequestError(f"{len(binary) - start} bytes follow the last binary tensor")
    if len(feed) != len(model.inputs):
        missing = ", ".join(name for name in model.inputs if name not in feed)
        raise RequestError(f"model {model.name} also needs the input {missing}")
    return feed


def _spec(model: LoadedModel, tensor: InputTensor, feed: dict[str, Array]) -> TensorSpec:
    name = tensor.name
    spec = model.inputs.get(name)
    if spec is None:
        raise RequestError(f"model {model.name} has no input {name!r}, only {', '.join(model.inputs)}")
    if name in feed:
        raise RequestError(f"input {name} is given twice")
    given = datatype_name(tensor)
    if given != spec.datatype.name:
        raise RequestError(f"input {name}: datatype {given} is given, the model expects {spec.datatype.name}")
    return spec


def _part(tensor: InputTensor, binary: memoryview, start: int, end: int) -> memoryview:
    if tensor.data is not None:
        raise RequestError(f"input {tensor.name} has both data and binary_data_size")
    if end > len(binary):
        found = len(binary) - start
        raise RequestError(f"input {tensor.name}: binary_data_size is {end - start}, but only {found} bytes are left")
    return binary[start:end]


def _names(model: LoadedModel, request: InferRequest) -> list[str]:
    if not request.outputs:
        return list(model.outputs)
    names = [output.name for output in request.outputs]
    for name in names:
        if name not in model.outputs:
            raise RequestError(f"model {model.name} has no output {name!r}, only {', '.join(model.outputs)}")
        if names.count(name) > 1:
            raise RequestError(f"output {name} is asked for twice")
    return names


def _binary_names(names: list[str], request: InferRequest) -> set[str]:
    chosen = set(names) if request.parameters and request.parameters.binary_data_output else set()
    for output in request.outputs or ():
        if output.parameters and output.parameters.binary_data is not None:
            (chosen.add if output.parameters.binary_data else chosen.discard)(output.name)
    return chosen


def respond(model: LoadedModel, question: Question, arrays: list[Array]) -> Answer:
    """Encode the outputs that were asked for.

    Args:
        model: The version that answered.
        question: The request.
        arrays: The outputs that it names.
    """
    request, names = question.request, question.names
    shape = request.inputs[0].shape
    rows = shape[0] if shape else 1
    binary = _binary_names(names, request)
    outputs, parts = [], []
    for name, array in zip(names, arrays, strict=True):
        tensor = OutputTensor(name, model.outputs[name].datatype.name, list(array.shape))
        if name in binary:
            raw = to_binary(array)
            parts.append(raw)
            tensor.parameters = {"binary_data_size": len(raw)}
        else:
            tensor.data = to_json(array)
        outputs.append(tensor)
    head = _encode(InferResponse(model.name, model.version, outputs, request.id))
    if not binary:
        return Answer(head, None, rows)
    return Answer(b"".join([head, *parts]), len(head), rows)


def decode_as(body: bytes, type_: Any) -> Any:  # noqa: ANN401 - whatever the type says
    """Another JSON body as a message of the protocol; empty stands for no field given.

    Raises:
        RequestError: If it is not such a message.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"the body is not what the protocol says: {error}") from error
