"""What the data steps do with images; `switchyard.tasks.data.DataSteps` says what each is for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.data.dataset import Dataset, require_unchanged
from switchyard.data.images.ingest import PARTS
from switchyard.data.images.ingest import ingest as ingest_images
from switchyard.data.images.source import ImageSource, look
from switchyard.data.validation import Outcome

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.images import ImageConfig, ImageContract
    from switchyard.config.recipes import ImageIngest, ImagePreprocess, ImageValidate
    from switchyard.data.training_rows import TrainingRows

__all__ = ["look"]

UNIT = "image"


def inspect(config: ImageConfig, root: Path, split: bool) -> ImageSource:
    """See `DataSteps.inspect`: of Parquet on this machine also the columns; images are decoded by ingest alone."""
    from switchyard.data.images.packed import count_parquet

    del split  # it depends on what the images show
    source = look(config.data, root)
    if source.format != "parquet" or not source.is_local:
        return source
    return replace(source, counted=sum(count_parquet(Path(each.path), each.name, config.data) for each in source.files))


def ingest(recipe: ImageIngest, root: Path, folder: Path) -> tuple[Dataset, dict[str, Any]]:
    """See `DataSteps.ingest`; the parts are `raw` and `unreadable` (path and reason)."""
    source = look(recipe.data, root)
    require_unchanged(recipe.data.uri, source.fingerprint, recipe.fingerprint)
    ingested = ingest_images(source, recipe.data, folder)
    facts = {
        "rows": ingested.rows,
        "unreadable": ingested.unreadable,
        "bytes": ingested.bytes,
        "fingerprint": ingested.fingerprint,
    }
    return Dataset(str(folder), PARTS), facts


def validate(raw: Dataset, recipe: ImageValidate, baseline: dict[str, Any] | None) -> Outcome:
    """See `DataSteps.validate`."""
    from switchyard.data.images.validation import validate as validate_images

    tables = (raw.scan("raw"), raw.scan("unreadable"))
    return validate_images(*tables, recipe.contract, source=recipe.uri, baseline=baseline)


def preprocess(raw: Dataset, recipe: ImagePreprocess, folder: Path, learned: TrainingRows | None = None) -> Dataset:
    """See `DataSteps.preprocess`: the split alone; images keep their bytes, the ONNX graph resizes them."""
    from switchyard.data.images.split import split as split_images

    return split_images(raw.scan("raw"), recipe.split, recipe.seed, folder, learned)


def typed(raw: Dataset, recipe: ImagePreprocess) -> pl.LazyFrame:
    """See `DataSteps.typed`: the ingested table has its types."""
    return raw.scan("raw")


def widened(contract: ImageContract, recorded: dict[str, Any], source: ImageSource) -> ImageContract:
    """See `DataSteps.widened`: every model reads the image."""
    return contract


def recognised_by(rows: pl.LazyFrame) -> pl.LazyFrame:
    """See `DataSteps.recognised_by`: the hash of the encoded bytes, wherever the file lies now."""
    return rows.select("hash")
