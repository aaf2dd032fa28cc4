"""Versions in ZenML's model registry that a killed step has begun and nobody will finish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.client import Client
from zenml.logger import get_logger

if TYPE_CHECKING:
    from zenml.models import ModelVersionResponse, PipelineRunResponse

logger = get_logger(__name__)

# The last thing that is written of a version's facts: one that has it is whole.
_WHOLE = "sha256"


def remove_half_written(run: PipelineRunResponse, model: str) -> None:
    """Deletes what this run has begun: a later run would find the version by its tag and take it for whole.

    Args:
        run: The one that ended badly.
        model: Name of the registered model.
    """
    client = Client()
    if not client.list_models(name=model, size=1).items:
        return
    for version in client.list_model_versions(
        model_name_or_id=model, size=50, sort_by="desc:created", hydrate=True
    ).items:
        if _half_written(run, version):
            client.delete_model_version(version.id)
            logger.info("version %s of model %s was half written and is deleted", version.number, model)


def _half_written(run: PipelineRunResponse, version: ModelVersionResponse) -> bool:
    begun = run.start_time is not None and version.created >= run.start_time
    return begun and version.stage is None and _WHOLE not in version.run_metadata
