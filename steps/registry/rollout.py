"""A version into production, or out of it: first the endpoint, then the record, then the stage, then MLflow.

In this order `production` never names a version that has not answered; where a run dies in between, `reconcile` of
the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zenml.client import Client

from steps.registry import release_log as changes
from steps.registry.alias_sync import sync_aliases
from steps.registry.versions import production_version, set_production, versions_of
from switchyard.config.sections import Deployment
from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.change import Action, Change, in_order
from switchyard.releases.history import aliases, current
from switchyard.serving.rollout.deployer import Deployer, Endpoint
from switchyard.serving.rollout.golden_rows import GoldenRows


def roll_out(
    use_case: str,
    version: int,
    model: OnnxModel,
    golden: GoldenRows,
    deployment: Deployment,
    action: Action,
    reason: str,
) -> tuple[Endpoint, list[str]]:
    """Brings a version into production; if it is there already, sees to it that it answers.

    Args:
        use_case: The config's name.
        version: The model's number.
        model: The ONNX file.
        golden: What it must answer before it takes over.
        deployment: Where it is to answer.
        action: What is done.
        reason: Why.

    Returns:
        The endpoint, and in sentences what an earlier run had left undone.

    Raises:
        SwitchyardError: The stack has no deployer for ONNX models, or the version did not come up; the
            old version keeps serving, and nothing is recorded as having changed.
    """
    deployer = model_deployer()
    known = [change for change, _ in changes.changes_of(use_case)]
    if current(known) == version:
        endpoint = deployer.roll_out(use_case, version, model, golden, deployment)
    else:
        changes.begin(use_case, version, action, reason)
        with _or_give_up():
            endpoint = deployer.roll_out(use_case, version, model, golden, deployment)
        changes.take_effect()
    return endpoint, follow(use_case, known)


def take_down(use_case: str, reason: str) -> list[str]:
    """Nothing is in production any more.

    Args:
        use_case: The config's name.
        reason: Why.

    Returns:
        In sentences, what an earlier run had left undone.

    Raises:
        SwitchyardError: It could not be taken down.
    """
    deployer = model_deployer()
    known = [change for change, _ in changes.changes_of(use_case)]
    changes.begin(use_case, None, "retire", reason)
    deployer.retire(use_case)
    changes.take_effect()
    return follow(use_case, known)


@contextmanager
def _or_give_up() -> Iterator[None]:
    """A deployer that raises has left, or brought back, what was there before."""
    try:
        yield
    except BaseException:
        changes.give_up()
        raise


def follow(use_case: str, before: list[Change]) -> list[str]:
    """Moves the stage and MLflow's aliases to where production is now.

    Args:
        use_case: The config's name.
        before: What was recorded before this run changed anything.
    """
    known = [change for change, _ in changes.changes_of(use_case)]
    wanted, newest = current(known), versions_of(use_case)
    if in_order(known) and production_version(use_case) != wanted:
        set_production(use_case, wanted)
    told = sync_aliases(use_case, aliases(known, newest), aliases(before, newest))
    if len(known) > len(before):
        changes.finish(told is not None)
    return told or []


def model_deployer() -> Deployer:
    """The stack's deployer.

    Raises:
        SwitchyardError: It has none for ONNX models.
    """
    deployer: Any = Client().active_stack.model_deployer
    if not isinstance(deployer, Deployer):
        found = f"{type(deployer).__name__}" if deployer else "none"
        raise SwitchyardError(
            f"stack {Client().active_stack.name}: its model deployer must be one that serves ONNX models, "
            f"found {found}; apply a stack file with --stack"
        )
    return deployer
