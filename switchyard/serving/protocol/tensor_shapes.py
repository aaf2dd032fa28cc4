"""What shape a tensor of the graph has, and whether a request's tensors fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from switchyard.serving.protocol.datatypes import Datatype

Dimension = int | str | None


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of the graph.

    Attributes:
        name: The name in the graph.
        datatype: Its type.
        shape: One entry per axis: a size, the symbol of a free axis, or None for a free axis without one.
    """

    name: str
    datatype: Datatype
    shape: tuple[Dimension, ...]

    def metadata(self) -> dict[str, Any]:
        """As the protocol shows it, -1 for a free axis."""
        return {"name": self.name, "datatype": self.datatype.name, "shape": self.public_shape()}

    def public_shape(self) -> list[int]:
        """The shape with -1 for every free axis."""
        return [size if isinstance(size, int) else -1 for size in self.shape]

    def check(self, shape: list[int], symbols: dict[str, int]) -> None:
        """Compare a tensor's shape with this one.

        Args:
            shape: The tensor's shape.
            symbols: Sizes of the free axes seen so far in the request; updated.

        Raises:
            RequestError: If the shape does not fit, or contradicts another input's.
        """
        if len(shape) != len(self.shape):
            raise RequestError(f"input {self.name}: shape {shape} does not fit {self.public_shape()}")
        for want, found in zip(self.shape, shape, strict=True):
            if isinstance(want, str):
                if symbols.setdefault(want, found) != found:
                    raise RequestError(f"input {self.name}: shape {shape} has another length than the inputs before it")
            elif want is not None and want != found:
                raise RequestError(f"input {self.name}: shape {shape} does not fit {self.public_shape()}")


class Sizes:
    """The shapes of one request's inputs, checked one after the other."""

    __slots__ = ("_count", "_fits", "_shape", "_symbols")

    def __init__(self) -> None:
        """Know no size of any free axis yet."""
        self._symbols: dict[str, int] = {}
        self._fits: tuple[Dimension, ...] | None = None
        self._shape: list[int] = []
        self._count = 0

    def elements(self, spec: TensorSpec, shape: list[int]) -> int:
        """How many elements an input of this shape has.

        Raises:
            RequestError: If the shape does not fit the graph, or contradicts the inputs before.
        """
        if shape != self._shape or spec.shape != self._fits:  # mostly all columns have the same shape
            spec.check(shape, self._symbols)
            self._shape, self._fits, self._count = shape, spec.shape, math.prod(shape)
        return self._count
