"""retire: nothing answers for a use case any more."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import step

from steps.registry.reconcile import reconcile
from steps.registry.rollout import take_down


@step(enable_cache=False)
def retire(use_case: str, reason: str) -> Annotated[dict[str, Any], "{use_case}_release"]:
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
    return {"use_case": use_case, "version": None, "endpoint": {}, "repaired": repaired + take_down(use_case, reason)}
