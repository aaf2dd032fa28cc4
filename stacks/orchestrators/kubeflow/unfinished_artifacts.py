"""What a step that was killed has written to the artifact store: no entry of ZenML's names it, so nobody deletes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zenml.client import Client
from zenml.logger import get_logger

if TYPE_CHECKING:
    from zenml.artifact_stores import BaseArtifactStore
    from zenml.models import PipelineRunResponse, StepRunResponse

logger = get_logger(__name__)

_ALL = 1000


def remove_unfinished(run: PipelineRunResponse) -> None:
    """Deletes what the attempts of this run have left that did not get as far as to record an output.

    Args:
        run: One in which nothing runs any more.
    """
    client = Client()
    store = client.active_stack.artifact_store
    steps = client.list_run_steps(pipeline_run_id=run.id, exclude_retried=False, size=_ALL, hydrate=True).items
    for step in steps:
        if not step.status.is_successful and not step.outputs:
            _remove(store, step)


def _remove(store: BaseArtifactStore, step: StepRunResponse) -> None:
    """ZenML gives each attempt a folder of its own: STEP/OUTPUT/ATTEMPT."""
    of_step = f"{store.path.rstrip('/')}/{step.name}"
    outputs = [str(name) for name in store.listdir(of_step)] if store.exists(of_step) else []
    for folder in [f"{of_step}/{output}/{step.id}" for output in outputs]:
        if store.exists(folder):
            store.rmtree(folder)
            logger.info("%s was half written and is deleted", folder)
    _abort_uploads(getattr(store, "filesystem", None), of_step, str(step.id))


def _abort_uploads(filesystem: Any, of_step: str, attempt: str) -> None:  # noqa: ANN401 - s3fs, if it is one
    """Pieces of a large file that was never put together: no listing shows them, but they are paid for."""
    if not hasattr(filesystem, "call_s3"):
        return
    bucket, _, prefix = of_step.removeprefix("s3://").partition("/")
    found = filesystem.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/")
    for upload in found.get("Uploads", []):
        if f"/{attempt}/" in upload["Key"]:
            filesystem.call_s3("abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
