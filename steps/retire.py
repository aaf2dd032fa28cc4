"""retire: nothing answers for a use case any more."""

from __future__ import annotations

from typing import Annotated

from zenml import get_step_context, step

from steps.registry.reconcile import reconcile
from steps.registry.rollout import take_down
from steps.storage.records import RecordMaterializer
from switchyard.releases.result import ReleaseResult


@step(enable_cache=False, output_materializers=RecordMaterializer)
def retire(use_case: str, reason: str) -> Annotated[ReleaseResult, "{use_case}_release"]:
    """Takes the endpoint down and archives the version in production; every version can be released again.

    Args:
        use_case: The registered model's name.
        reason: Why.

    Returns:
        Version None, no endpoint, and what an earlier run had left undone.

    Raises:
        SwitchyardError: It could not be taken down.
    """
    repaired = reconcile(use_case)
    more = take_down(use_case, reason)
    return ReleaseResult(use_case=use_case, run=get_step_context().pipeline_run.name, repaired=(*repaired, *more))
