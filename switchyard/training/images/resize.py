"""Bilinear resizing with antialiasing as two matrix products, the same in torch and in an ONNX graph.

An output pixel is the mean of the input pixels under a triangle of the filter's width, normalised where the
border cuts it: the definition of Pillow's `BILINEAR`, by which `decoding.py` resizes the training images (but
for Pillow's rounding to whole levels after each axis). ONNX has an operator for it, `Resize` with
`antialias=1`, but onnxruntime 1.31 was seen to differ from Pillow and torch by 15 of 255 levels when it makes an
image smaller. For an image that already has the size both matrices are the identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

    from switchyard.model.graph import Graph


def resize(pixels: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Resize images.

    Args:
        pixels: float32 of shape (N, C, H, W).
        size: Height and width of the result.

    Returns:
        float32 of shape (N, C, height, width).
    """
    if tuple(pixels.shape[2:]) == size:
        return pixels
    rows, columns = (_weights(source, target) for source, target in zip(pixels.shape[2:], size, strict=True))
    return rows @ (pixels @ columns.T)


def write_resize(graph: Graph, pixels: str, height: str, width: str, size: tuple[int, int]) -> str:
    """Add the nodes of `resize`.

    Args:
        graph: Where to.
        pixels: A float32 value of shape (N, C, H, W).
        height: A float32 scalar: H.
        width: A float32 scalar: W.
        size: Height and width of the result.

    Returns:
        The name of the value of shape (N, C, *size).
    """
    rows, columns = _write_weights(graph, height, size[0]), _write_weights(graph, width, size[1])
    shorter = graph.add("MatMul", pixels, graph.add("Transpose", columns, perm=[1, 0]))
    return graph.add("MatMul", rows, shorter)


def _weights(source: int, target: int) -> torch.Tensor:
    """Of shape (target, source); each row sums up to one."""
    import torch

    scale = torch.tensor(source, dtype=torch.float32) / target
    centres = (torch.arange(target) + 0.5) * scale
    distances = (torch.arange(source) + 0.5 - centres[:, None]).abs() / scale.clamp(min=1)
    triangle = torch.relu(1 - distances)
    return triangle / triangle.sum(dim=1, keepdim=True)


def _write_weights(graph: Graph, source: str, target: int) -> str:
    half, one = graph.constant(np.array(0.5, dtype=np.float32)), graph.constant(np.array(1, dtype=np.float32))
    scale = graph.add("Div", source, graph.constant(np.array(target, dtype=np.float32)))
    places = graph.constant((np.arange(target, dtype=np.float32) + np.float32(0.5))[:, None])
    centres = graph.add("Mul", places, scale)
    zero = graph.constant(np.array(0, dtype=np.float32))
    inputs = graph.add("Add", graph.add("Range", zero, source, one), half)
    distances = graph.add("Div", graph.add("Abs", graph.add("Sub", inputs, centres)), graph.add("Max", scale, one))
    triangle = graph.add("Relu", graph.add("Sub", one, distances))
    total = graph.add("ReduceSum", triangle, graph.constant(np.array([1], dtype=np.int64)), keepdims=1)
    return graph.add("Div", triangle, total)
