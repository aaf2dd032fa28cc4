"""Finds the gallery of a model: in its graph, or in the index beside it."""

from __future__ import annotations

import numpy as np

from switchyard.errors import InputError
from switchyard.model.gallery import CLASSES, EMBEDDINGS, NUMBERS, Gallery
from switchyard.model.onnx_model import OnnxModel


def gallery_of(model: OnnxModel) -> Gallery:
    """The gallery in a model's graph, or in the index beside it.

    Raises:
        InputError: There is none.
    """
    if model.index is not None:
        return model.index.gallery()
    import onnx
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in onnx.load_model_from_string(model.content).graph.initializer}
    if EMBEDDINGS not in constants:
        raise InputError(f"the model {model.metadata['name']} has no gallery in its graph: name one of type arcface")
    classes = np.array([label.decode() for label in constants[CLASSES].string_data], dtype=object)
    numbers = numpy_helper.to_array(constants[NUMBERS])
    return Gallery(numpy_helper.to_array(constants[EMBEDDINGS]), classes[numbers])
