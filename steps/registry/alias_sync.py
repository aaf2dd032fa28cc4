"""MLflow's aliases follow what is in production: `champion`, `challenger`, `previous`.

No MLflow run is needed for it, and a server that is away holds up no release: the next run makes good for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from zenml import log_metadata
from zenml.client import Client

ALIASES = ("champion", "challenger", "previous")
_LOG = logging.getLogger(__name__)


@runtime_checkable
class _MLflow(Protocol):
    """An experiment tracker that is MLflow's."""

    def configure_mlflow(self) -> None: ...


def sync_aliases(use_case: str, wanted: Mapping[str, int], before: Mapping[str, int]) -> list[str] | None:
    """Moves the aliases.

    Args:
        use_case: The registered model's name.
        wanted: ZenML's version number by alias.
        before: What they should have been before this run changed anything.

    Returns:
        A sentence if they were not; None if MLflow did not take it.
    """
    tracker = Client().active_stack.experiment_tracker
    if not isinstance(tracker, _MLflow):
        return []
    from mlflow.exceptions import MlflowException
    from requests import RequestException

    try:
        tracker.configure_mlflow()
        return _move(use_case, wanted, before)
    except (MlflowException, RequestException) as error:
        _LOG.warning("MLflow's aliases stay where they were: %s", error)
        log_metadata({"not in MLflow": f"aliases: {str(error)[:200]}"})
        return None


def _move(use_case: str, wanted: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """Aliases of versions that MLflow does not know, registered on a stack without a tracker, go."""
    import mlflow

    client = mlflow.MlflowClient()
    registered = client.search_model_versions(f"name = '{use_case}'")
    if not registered:
        return []
    theirs = {each.tags["zenml_version"]: str(each.version) for each in registered if "zenml_version" in each.tags}
    ours = {number: name for name, number in theirs.items()}
    now = {name: str(number) for name, number in client.get_registered_model(use_case).aliases.items()}
    for alias in ALIASES:
        version = theirs.get(str(wanted.get(alias)))
        if version is None and alias in now:
            client.delete_registered_model_alias(use_case, alias)
        elif version is not None and now.get(alias) != version:
            client.set_registered_model_alias(use_case, alias, version)
    found = {alias: int(ours[now[alias]]) for alias in ALIASES if now.get(alias) in ours}
    expected = {alias: version for alias, version in before.items() if str(version) in theirs}
    strays = [alias for alias in ALIASES if found.get(alias) not in (expected.get(alias), wanted.get(alias))]
    if not strays:
        return []
    had = ", ".join(f"{alias} {found.get(alias, 'unset')}" for alias in strays)
    return [f"MLflow's aliases had not followed ({had}); they do now"]
