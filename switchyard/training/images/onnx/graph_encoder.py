"""The encoder as ONNX nodes: raw pixels of any size in, features out.

The nodes are written one by one rather than by torch's exporter: that one needs onnxscript, keeps paths of the
machine in the file, and fixes what is left open here (batch, height, width). Batch normalisation goes into the
weights of the convolution before it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from switchyard.model.graph import Graph
from switchyard.training.images.network import Block, Encoder
from switchyard.training.images.resize import write_resize

INPUT = "image"


def write_encoder(graph: Graph, encoder: Encoder) -> str:
    """Add the input `image`, uint8 of shape (N, H, W, C), and all that makes features of it.

    Returns:
        The name of the features, float32 of shape (N, encoder.features).
    """
    maps = _write_preprocessing(graph, encoder)
    for layer in encoder.layers:
        if isinstance(layer, Block):
            maps = graph.add("Relu", _write_convolution(graph, layer, maps))
        elif isinstance(layer, nn.MaxPool2d):
            maps = graph.add("MaxPool", maps, kernel_shape=[2, 2], strides=[2, 2])
        else:
            raise TypeError(f"no ONNX nodes are known for {type(layer).__name__}")
    return graph.add("ReduceMean", maps, axes=[2, 3], keepdims=0)


def write_linear(graph: Graph, layer: nn.Linear, features: str) -> str:
    """Add a linear layer; the name of its result (N, layer.out_features)."""
    weights, bias = graph.constant(array(layer.weight)), graph.constant(array(layer.bias))
    return graph.add("Gemm", features, weights, bias, transB=1)


def array(values: torch.Tensor) -> np.ndarray:
    """A tensor as float32."""
    return np.ascontiguousarray(values.detach().cpu().numpy().astype(np.float32))


def _write_preprocessing(graph: Graph, encoder: Encoder) -> str:
    """Pixels to what `Encoder.normalised(Encoder.scaled(pixels))` makes of them."""
    from onnx import TensorProto, helper

    shape: list[str | int] = ["N", "H", "W", len(encoder.mean)]
    graph.inputs.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, shape))
    pixels = graph.add("Transpose", graph.cast(INPUT, TensorProto.FLOAT), perm=[0, 3, 1, 2])
    sizes = graph.cast(graph.add("Shape", INPUT), TensorProto.FLOAT)
    height, width = (graph.add("Gather", sizes, graph.constant(np.array(axis)), axis=0) for axis in (1, 2))
    resized = write_resize(graph, pixels, height, width, encoder.size)
    scaled = graph.add("Div", resized, graph.constant(np.array(255, dtype=np.float32)))
    centred = graph.add("Sub", scaled, graph.constant(array(encoder.mean)))
    return graph.add("Div", centred, graph.constant(array(encoder.std)))


def _write_convolution(graph: Graph, block: Block, maps: str) -> str:
    norm = block.norm
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    weights = block.convolution.weight.double() * scale[:, None, None, None]
    bias = norm.bias.double() - norm.running_mean.double() * scale
    constants = graph.constant(array(weights)), graph.constant(array(bias))
    return graph.add("Conv", maps, *constants, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
