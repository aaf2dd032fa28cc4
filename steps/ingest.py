"""ingest: the source becomes one Parquet file in the artifact store."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import log_metadata, step

from steps.artifacts import DatasetMaterializer
from steps.caching import depends_on
from switchyard.config import Contract, Data, Task
from switchyard.data.dataset import Dataset
from switchyard.project import ROOT

_CODE = depends_on("switchyard/data/ingest.py", "switchyard/data/source.py", "switchyard/data/reading.py")


@step(output_materializers=DatasetMaterializer, cache_policy=_CODE)
def ingest(data: Data, contract: Contract, task: Task, fingerprint: str) -> Annotated[Dataset, "{use_case}_raw"]:
    """Streams the source to Parquet.

    Args:
        data: Where the source is and how it is read.
        contract: Names the columns that must be there.
        task: What the target is for.
        fingerprint: Of the source's contents: it makes a changed file a cache miss.

    Returns:
        A dataset with the part `raw`.
    """
    from switchyard.data.ingest import ingest as ingest_source
    from switchyard.data.source import look

    source = look(data, ROOT, contract)
    folder = TemporaryDirectory(prefix="switchyard-ingest-")
    ingested = ingest_source(source, data, Path(folder.name))
    log_metadata(
        {"rows": ingested.rows, "bytes": ingested.bytes, "fingerprint": ingested.fingerprint, "asked": fingerprint}
    )
    return Dataset(root=folder.name, parts=("raw",), owner=folder)
