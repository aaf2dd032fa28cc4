"""What two ONNX files of the same use case differ in: the metadata they carry, the graph, the numbers in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.model.onnx_model import METADATA_KEY, OnnxModel

if TYPE_CHECKING:
    import onnx
    import polars as pl


_AT_A_TIME = 1000  # rows that both answer


def differences(recorded: bytes, again: bytes) -> list[str]:
    """Each difference as one clause, from what explains most to single numbers; empty for the same content.

    Args:
        recorded: One serialized ModelProto.
        again: Another one.
    """
    import onnx

    if recorded == again:
        return []
    old, new = (onnx.load_model_from_string(content) for content in (recorded, again))
    found = [*_card(_card_of(old), _card_of(new)), *_nodes(old, new), *_numbers(old, new)]
    return found or ["the files differ in nothing that the model computes with"]


def largest_difference(recorded: OnnxModel, again: OnnxModel, rows: pl.DataFrame) -> float | None:
    """The largest distance between two models' answers to the same rows; None if they cannot both be asked.

    Args:
        recorded: A model.
        again: One of the same use case.
        rows: Raw columns, or images.

    Returns:
        Of probabilities (classification), values (regression, in the target's unit) or the numbers of embeddings
        (retrieval).
    """
    wanted = {spec["name"] for model in (recorded, again) for spec in model.metadata["inputs"]}
    if rows.is_empty() or not wanted <= set(rows.columns):
        return None
    there = {output.name for output in recorded.session.get_outputs()}
    name = next(each for each in ("prediction", "probabilities", "embedding") if each in there)
    largest = 0.0
    for part in rows.iter_slices(_AT_A_TIME):
        old, new = (model.session.run([name], model.inputs(part))[0].astype(float) for model in (recorded, again))
        if old.shape != new.shape:
            return None
        largest = max(largest, float(np.abs(old - new).max()))
    return largest


def _card_of(model: onnx.ModelProto) -> dict[str, Any]:
    text = next((each.value for each in model.metadata_props if each.key == METADATA_KEY), "{}")
    metadata: dict[str, Any] = json.loads(text)
    return metadata


def _card(old: dict[str, Any], new: dict[str, Any], path: str = "") -> Iterator[str]:
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _card(before, after, f"{path}{key}.")
        else:
            yield f"{path}{key} {json.dumps(after)} instead of {json.dumps(before)}"


def _nodes(old: onnx.ModelProto, new: onnx.ModelProto) -> Iterator[str]:
    before, after = ([node.op_type for node in model.graph.node] for model in (old, new))
    if before != after:
        yield f"{len(after)} nodes ({', '.join(after[:5])}, …) instead of {len(before)} ({', '.join(before[:5])}, …)"


def _numbers(old: onnx.ModelProto, new: onnx.ModelProto) -> Iterator[str]:
    """The constants of the graph, and what nodes hold themselves, such as the splits of trees."""
    before, after = _values(old), _values(new)
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after:
            yield f"{name} is {'gone' if name in before else 'new'}"
            continue
        one, other = before[name], after[name]
        if one.shape != other.shape:
            yield f"{name} has {other.size:,} values instead of {one.size:,}"
        elif not _equal(one, other):
            yield f"{name} differs in {_count(one, other)}"


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    is_number = one.dtype.kind == other.dtype.kind == "f"
    return bool(np.array_equal(one, other, equal_nan=is_number))


def _count(one: np.ndarray, other: np.ndarray) -> str:
    changed = int((one != other).sum())
    counted = f"{changed:,} of {one.size:,} values"
    if one.dtype.kind not in "fiu":
        return counted
    apart = np.abs(one[one != other].astype(float) - other[one != other].astype(float))
    return f"{counted}, by up to {apart.max():.3g}"


def _values(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    from onnx import TensorProto, helper, numpy_helper

    values = {each.name: np.asarray(numpy_helper.to_array(each)) for each in model.graph.initializer}
    for position, node in enumerate(model.graph.node):
        for attribute in node.attribute:
            value = helper.get_attribute_value(attribute)
            if isinstance(value, TensorProto):
                value = numpy_helper.to_array(value).tolist()
            if isinstance(value, (list, tuple, int, float, bytes)) and attribute.name:
                values[f"{node.op_type} {position}, {attribute.name}"] = np.atleast_1d(np.asarray(value))
    return values
