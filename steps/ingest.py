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
from switchyard.config.recipes import IngestRecipe
from switchyard.data.dataset import Dataset
from switchyard.data.places import s3_access
from switchyard.project import ROOT
from switchyard.tasks.registry import kind_named


@step(output_materializers=DatasetMaterializer, cache_policy=depends_on())
def ingest(recipe: IngestRecipe) -> Annotated[Dataset, "{use_case}_raw"]:
    """Streams the source to Parquet.

    Args:
        recipe: Where the source is and how it is read. It names the use case, which names the artifact, so what another
            use case has read of the same data is a cache miss, too.

    Returns:
        A dataset with the part `raw`, and for images `unreadable`.

    Raises:
        SwitchyardError: The source has changed since the run was started, or the disk is full.
    """
    folder = TemporaryDirectory(prefix="switchyard-ingest-")
    with s3_access.using(access_of(Client().active_stack.artifact_store)):
        raw, facts = kind_named(recipe.kind).data().ingest(recipe, ROOT, Path(folder.name))
    log_metadata(facts)
    return replace(raw, owner=folder)
