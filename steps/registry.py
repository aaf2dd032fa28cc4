"""ZenML's model control plane: versions of a use case's model, and which of them is in production.

The model of a use case carries its name; a version is one ONNX file. The same bytes are registered once, so a
run that died after registering, or that trained the same model again, goes on with the version there is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from zenml import get_step_context, log_metadata
from zenml.client import Client
from zenml.exceptions import EntityExistsError
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.models import ModelVersionResponse

from switchyard.models.onnx_model import OnnxModel

PRODUCTION = "production"


def register_version(use_case: str, model: OnnxModel) -> int:
    """The number of this model's version, new if its bytes are.

    Args:
        use_case: The registered model's name.
        model: The ONNX file and its card.

    Returns:
        The version's number, from 1.
    """
    client = Client()
    with suppress(EntityExistsError):
        client.create_model(use_case)
    sha256 = str(model.card["sha256"])
    tag = f"sha256-{sha256[:16]}"
    known = client.list_model_versions(model_name_or_id=use_case, tags=tag, size=1).items
    version = known[0] if known else client.create_model_version(use_case, tags=[tag, str(model.card["candidate"])])
    if not known:
        facts: dict[str, Any] = {"sha256": sha256, "candidate": str(model.card["candidate"])}
        log_metadata(metadata=facts, model_name=use_case, model_version=int(version.number))
        _link_inputs(version)
    return int(version.number)


def promote_version(use_case: str, version: int) -> None:
    """Moves the stage `production` to this version; the one before is archived."""
    Client().update_model_version(use_case, str(version), stage=PRODUCTION, force=True)


def in_production(use_case: str, version: int) -> bool:
    """Whether an earlier run has put this version into production, and it still is."""
    found = Client().list_model_versions(model_name_or_id=use_case, stage=PRODUCTION, size=1).items
    return bool(found) and int(found[0].number) == version


def _link_inputs(version: ModelVersionResponse) -> None:
    """The running step's inputs (models, report) belong to the version: its lineage on the dashboard."""
    for artifacts in get_step_context().step_run.inputs.values():
        for artifact in artifacts:
            link_artifact_version_to_model_version(artifact_version=artifact, model_version=version)
