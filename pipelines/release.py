"""The pipelines of a release, a rollback and a retirement: one step each, a run like any other."""

from __future__ import annotations

from typing import Literal

from zenml import pipeline

from steps.release import release as release_step
from steps.retire import retire as retire_step
from steps.support.options import step_options
from switchyard.config.recipes import ReleaseRecipe
from switchyard.config.sections import UseCase
from switchyard.tasks.recipes import deploy_recipe


@pipeline
def release(config: UseCase, version: int, action: Literal["release", "rollback"], reason: str) -> None:
    """Puts a registered version into production.

    Args:
        config: The use case.
        version: The model's number.
        action: `release` or `rollback`.
        reason: Why.
    """
    recipe = ReleaseRecipe(version=version, action=action, reason=reason, rollout=deploy_recipe(config))
    release_step.with_options(**step_options(config, "deploy"))(recipe=recipe)


@pipeline
def retire(config: UseCase, reason: str) -> None:
    """Takes out of production whatever is in it.

    Args:
        config: The use case.
        reason: Why.
    """
    retire_step.with_options(**step_options(config, "deploy"))(use_case=config.name, reason=reason)
