"""ingest: the source becomes one Parquet file in the artifact store."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import log_metadata, step

from steps.artifacts import DatasetMaterializer
from steps.caching import depends_on
from switchyard.config import Data
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.project import ROOT

_CODE = depends_on("switchyard/data")


@step(output_materializers=DatasetMaterializer, cache_policy=_CODE)
def ingest(data: Data, fingerprint: str, use_case: str) -> Annotated[Dataset, "{use_case}_raw"]:
    """Streams the source to Parquet.

    Args:
        data: Where the source is and how it is read.
        fingerprint: Of the source's contents when the run was started: it makes a changed file a cache miss. Empty:
            take the source as it is when the step runs.
        use_case: Names the artifact, so what another use case has read of the same data is a cache miss, too.

    Returns:
        A dataset with the part `raw`.

    Raises:
        SwitchyardError: The source has changed since the run was started, or the disk is full.
    """
    from switchyard.data.ingest import ingest as ingest_source
    from switchyard.data.source import look

    source = look(data, ROOT)
    if fingerprint and source.fingerprint != fingerprint:
        raise SwitchyardError(f"{data.uri} has changed since the run was started; run again to use it as it is now")
    folder = TemporaryDirectory(prefix="switchyard-ingest-")
    ingested = ingest_source(source, data, Path(folder.name))
    log_metadata({"rows": ingested.rows, "bytes": ingested.bytes, "fingerprint": ingested.fingerprint})
    return Dataset(root=folder.name, parts=("raw",), owner=folder)
