"""ingest: the source becomes one Parquet file in the artifact store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import log_metadata, step
from zenml.client import Client

from steps.storage.artifacts import DatasetMaterializer
from steps.storage.s3_access import access_of
from steps.support.caching import depends_on
from switchyard.config.images import ImageData
from switchyard.config.sections import Data
from switchyard.data.dataset import Dataset
from switchyard.data.places import s3_access
from switchyard.project import ROOT
from switchyard.tasks.data import data_steps

_CODE = depends_on("switchyard/tasks/data.py", "switchyard/data")


@step(output_materializers=DatasetMaterializer, cache_policy=_CODE)
def ingest(data: Data | ImageData, task: str, fingerprint: str, use_case: str) -> Annotated[Dataset, "{use_case}_raw"]:
    """Streams the source to Parquet.

    Args:
        data: Where the source is and how it is read.
        task: Says what kind of data it is.
        fingerprint: Of the source's contents when the run was started: it makes a changed file a cache miss. Empty:
            take the source as it is when the step runs.
        use_case: Names the artifact, so what another use case has read of the same data is a cache miss, too.

    Returns:
        A dataset with the part `raw`, and for images `unreadable`.

    Raises:
        SwitchyardError: The source has changed since the run was started, or the disk is full.
    """
    folder = TemporaryDirectory(prefix="switchyard-ingest-")
    with s3_access.using(access_of(Client().active_stack.artifact_store)):
        raw, facts = data_steps(task).ingest(data, fingerprint, ROOT, Path(folder.name))
    log_metadata(facts)
    return replace(raw, owner=folder)
