"""Takes a step from the cache only if its artifacts are still in the store; ZenML 0.98.0 does not look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zenml.client import Client
from zenml.enums import ExecutionStatus
from zenml.io import fileio
from zenml.models import ArtifactVersionResponse, StepRunResponse, StepRunUpdate


def cached_step_run(cache_key: str) -> StepRunResponse | None:
    """Replaces `zenml.orchestrators.cache_utils.get_cached_step_run`.

    Args:
        cache_key: The key of the step about to run.

    Returns:
        The newest completed run of that key whose outputs all exist, or None. Runs with missing outputs are
        removed from the cache for good.
    """
    client = Client()
    while True:
        newest = client.list_run_steps(
            project=client.active_project.id,
            cache_key=cache_key,
            cache_expired=False,
            status=ExecutionStatus.COMPLETED,
            sort_by="desc:created",
            size=1,
            hydrate=True,
        ).items
        if not newest:
            return None
        if _intact(newest[0]):
            return newest[0]
        expired = StepRunUpdate(cache_expires_at=datetime.now(UTC) - timedelta(seconds=1))
        client.zen_store.update_run_step(newest[0].id, expired)


def _intact(step: StepRunResponse) -> bool:
    return all(_whole(version) for versions in step.outputs.values() for version in versions)


def _whole(version: ArtifactVersionResponse) -> bool:
    """Whether the artifact's folder has the size that was stored there."""
    if not fileio.exists(version.uri):
        return False
    stored, found = version.run_metadata.get("storage_size"), _size(version.uri)
    return found == int(str(stored)) if stored is not None else found > 0


def _size(path: str) -> int:
    if fileio.isdir(path):
        return sum(_size(f"{path}/{name}") for name in fileio.listdir(path))
    return fileio.size(path) or 0
