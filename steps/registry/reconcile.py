"""Finishes what a crashed run has left undone in production, before anything else is decided.

Three things can be apart: what the endpoint answers with, the stage `production`, and MLflow's aliases. The endpoint
is what counts, as far as a run has recorded that it wanted it so; the stage follows, the aliases follow the stage.
"""

from __future__ import annotations

from zenml import get_step_context

from steps.registry.release_log import changes_of, found_in_effect
from steps.registry.rollout import model_deployer
from steps.registry.versions import production_version, set_production
from switchyard.releases.change import Change, in_order, unfinished
from switchyard.releases.history import current


def reconcile(use_case: str) -> list[str]:
    """Makes the stage agree with what serves.

    Args:
        use_case: The config's name.

    Returns:
        What was done, a sentence each; empty if all was well.
    """
    told = _recorded_late(use_case)
    known = [change for change, _ in changes_of(use_case)]
    if not in_order(known):  # nothing ever took effect, as far as is recorded
        return told
    wanted, stage = current(known), production_version(use_case)
    if stage != wanted:
        set_production(use_case, wanted)
        told.append(f"stage production was at {_named(stage)} and is back at {_named(wanted)}, which is what serves")
    return told


def _recorded_late(use_case: str) -> list[str]:
    """A roll-out that got through, of a run that died before it could say so."""
    found = changes_of(use_case)
    change = unfinished([each for each, _ in found])
    own = get_step_context().step_run.id
    step = next((step for each, step in found if each is change), None)
    if change is None or step is None or step.id == own or not step.status.is_finished:
        return []
    known = [each for each, _ in found]
    if change.version == current(known) or model_deployer().serving(use_case) != change.version:
        return []
    run = get_step_context().pipeline_run.name
    found_in_effect(step.id, change, run)
    return [f"run {change.run} crashed after {_effect(change)}; that is recorded now"]


def _effect(change: Change) -> str:
    return "it had retired the endpoint" if change.version is None else f"version {change.version} had taken over"


def _named(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
