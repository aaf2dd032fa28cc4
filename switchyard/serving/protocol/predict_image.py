"""The answer to an encoded image: the bytes of a file in, a label with what speaks for it out.

For people with curl. A program that asks often sends pixels to …/infer, which also gives all outputs of the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from switchyard.serving.protocol.infer import Answer
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    import numpy as np

    from switchyard.serving.engine.loaded_model import LoadedModel
    from switchyard.serving.protocol.image_input import ImageInput

_CLASSIFICATION = ("label", "probabilities")
_RETRIEVAL = ("label", "neighbours", "neighbour_labels", "similarity")


def wanted_outputs(model: LoadedModel) -> list[str]:
    """The outputs of the graph that an answer is made of.

    Raises:
        RequestError: The model takes no image, or gives neither probabilities nor neighbours.
    """
    _image(model)
    for names in (_RETRIEVAL, _CLASSIFICATION):
        if all(name in model.outputs for name in names):
            return list(names)
    raise RequestError(f"model {model.name} gives {', '.join(model.outputs)}, which only …/infer can answer with")


def decode_image(model: LoadedModel, body: bytes) -> dict[str, np.ndarray]:
    """The feed for the graph.

    Raises:
        RequestError: As in `wanted_outputs`; or the body is no image that can be used.
    """
    image = _image(model)
    if not body:
        raise RequestError("the body is empty: send the image as it is, with curl --data-binary @FILE")
    return {image.name: image.decode(body)}


def describe(model: LoadedModel, names: list[str], arrays: list[np.ndarray]) -> Answer:
    """The response's body.

    Args:
        model: The version that answered.
        names: From `wanted_outputs`.
        arrays: These outputs for one image.
    """
    found = {name: array[0] for name, array in zip(names, arrays, strict=True)}
    answer = {"model_name": model.name, "model_version": model.version, "label": str(found["label"])}
    details = _probabilities(model, found) if "probabilities" in found else _neighbours(found)
    return Answer(msgspec.json.encode(answer | details), None, 1)


def predict_image(model: LoadedModel, body: bytes) -> Answer:
    """Decode, run the graph, describe.

    Raises:
        RequestError: As in `decode_image`.
    """
    names = wanted_outputs(model)
    return describe(model, names, model.run(decode_image(model, body), names))


def _image(model: LoadedModel) -> ImageInput:
    if model.image is None:
        raise RequestError(f"model {model.name} takes no image, but {', '.join(model.inputs)}: ask …/infer", 404)
    return model.image


def _probabilities(model: LoadedModel, found: dict[str, np.ndarray]) -> dict[str, Any]:
    """By class, the likeliest first."""
    values = found["probabilities"].tolist()
    classes = model.metadata.get("classes", [])
    names = [str(name) for name in classes] if len(classes) == len(values) else [str(n) for n in range(len(values))]
    ranked = sorted(zip(names, values, strict=True), key=lambda pair: -pair[1])
    return {"probabilities": dict(ranked)}


def _neighbours(found: dict[str, np.ndarray]) -> dict[str, Any]:
    """The nearest images of the gallery, the nearest first."""
    columns = (found[name].tolist() for name in ("neighbours", "neighbour_labels", "similarity"))
    rows = zip(*columns, strict=True)
    return {"neighbours": [{"row": row, "label": label, "similarity": cosine} for row, label, cosine in rows]}
