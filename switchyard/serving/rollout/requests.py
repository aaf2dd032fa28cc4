"""Rows of a table as the body of an infer request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel


def request_body(model: OnnxModel, rows: pl.DataFrame) -> dict[str, Any]:
    """Rows as the body of an infer request; a missing value is null."""
    return _body(model, rows, model.inputs(rows))


def _body(model: OnnxModel, rows: pl.DataFrame, feed: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    tensors = []
    for spec in model.metadata["inputs"]:
        array, nulls = feed[spec["name"]], rows[spec["name"]].is_null().to_list()
        data = plain(array)
        if len(data) == len(nulls):
            data = [None if null else value for null, value in zip(nulls, data, strict=True)]
        tensors.append({"name": spec["name"], "shape": list(array.shape), "datatype": spec["datatype"], "data": data})
    return {"inputs": tensors}


def plain(array: np.ndarray[Any, Any]) -> list[Any]:
    """The elements as JSON has them: null for what is not finite."""
    values = array.ravel().tolist()
    return [None if isinstance(value, float) and not math.isfinite(value) else value for value in values]
