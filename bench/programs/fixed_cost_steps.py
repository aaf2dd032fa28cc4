"""The six trivial steps of `fixed_cost_ours.py`: the artifacts of the project, next to nothing in them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from zenml import pipeline, step

from steps.storage.artifacts import DatasetMaterializer, OnnxModelMaterializer, ReportMaterializer
from steps.support.tracking import tracker_options
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report


def _table(*parts: str) -> Dataset:
    import polars as pl

    folder = TemporaryDirectory(prefix="bench-fixed-")
    for part in parts:
        pl.DataFrame({"a": range(10), "b": range(10)}).write_parquet(Path(folder.name) / f"{part}.parquet")
    return Dataset(root=folder.name, parts=parts, owner=folder)


@step(output_materializers=DatasetMaterializer)
def ingest() -> Annotated[Dataset, "raw"]:
    """Ten rows."""
    return _table("raw")


@step(output_materializers=ReportMaterializer)
def validate(raw: Dataset) -> Annotated[Report, "validation"]:
    """Counts them."""
    return Report({"rows": raw.scan("raw").collect().height}, "<p>valid</p>")


@step(output_materializers=DatasetMaterializer)
def preprocess(raw: Dataset) -> Annotated[Dataset, "splits"]:
    """Ten rows twice."""
    raw.scan("raw").collect()
    return _table("train", "test")


@step(output_materializers=OnnxModelMaterializer)
def train(splits: Dataset) -> Annotated[OnnxModel, "model"]:
    """A few bytes."""
    splits.scan("train").collect()
    return OnnxModel(b"no graph", {"candidate": "none", "sha256": "0", "cv": {}})


@step(output_materializers=ReportMaterializer)
def evaluate(model: OnnxModel, splits: Dataset) -> Annotated[Report, "evaluation"]:
    """Counts them."""
    splits.scan("test").collect()
    return Report({"size": len(model.content)}, "<p>good</p>")


@step
def deploy(model: OnnxModel, evaluation: Report) -> Annotated[dict[str, Any], "endpoint"]:
    """Goes nowhere."""
    return {"size": len(model.content), **evaluation.facts}


@pipeline(enable_cache=False)
def fixed_cost(tracked: bool) -> None:
    """The graph."""
    options = tracker_options("fixed-cost") if tracked else {}
    raw = ingest()
    validate(raw)
    splits = preprocess(raw)
    model = train.with_options(**options)(splits)
    deploy(model, evaluate.with_options(**options)(model, splits))
