"""The pipelines of a release, a rollback and a retirement: one step each, a run like any other."""

from __future__ import annotations

from zenml import pipeline

from steps.release import release as release_step
from steps.retire import retire as retire_step
from steps.support.options import step_options
from switchyard.config.images import AnyConfig


@pipeline
def release(config: AnyConfig, version: int, action: str, reason: str) -> None:
    """Puts a registered version into production.

    Args:
        config: The use case.
        version: The model's number.
        action: `release` or `rollback`.
        reason: Why.
    """
    options = step_options(config, "deploy")
    release_step.with_options(**options)(
        use_case=config.name,
        version=version,
        action=action,
        reason=reason,
        data=config.data,
        task=config.task,
        expectations=config.expectations,
        seed=config.seed,
        deployment=config.deployment,
    )


@pipeline
def retire(config: AnyConfig, reason: str) -> None:
    """Takes out of production whatever is in it.

    Args:
        config: The use case.
        reason: Why.
    """
    retire_step.with_options(**step_options(config, "deploy"))(use_case=config.name, reason=reason)
