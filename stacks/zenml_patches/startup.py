"""Installs the patches: skips what ZenML 0.98.0 does at every start that a run does not need, and fixes its cache.

Measured on one run of six trivial steps: activating every installed integration imports torch and scikit-learn
(3 to 6 s), and the list of installed packages is fetched from `pip freeze` in a subprocess, twice (1 to 2 s).
Its cache serves a step whose artifacts have been deleted, and the next step crashes on them.
ZenML has no setting for any of this, so it is replaced here, before anything runs.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from sysconfig import get_path

from zenml.environment import Environment
from zenml.integrations.registry import integration_registry
from zenml.orchestrators import cache_utils

from stacks.zenml_patches.code_archive import keep_private
from stacks.zenml_patches.intact_cache import cached_step_run
from stacks.zenml_patches.requests import retry_with_new_key


def prepare() -> None:
    """Call once, before a pipeline is compiled."""
    # Activation registers materializers and service connectors of every integration that is installed. Our steps name
    # their materializers, and a flavor is imported by its own path when its component is used.
    integration_registry.activate_integrations = lambda: None  # type: ignore[method-assign]
    Environment.get_python_packages = staticmethod(installed_packages)  # type: ignore[method-assign]
    cache_utils.get_cached_step_run = cached_step_run
    retry_with_new_key()
    keep_private()


@cache
def installed_packages() -> list[str]:
    """Installed packages as `pip freeze` lists them, from the names of their folders (nothing is parsed)."""
    places = {Path(get_path("purelib")), Path(get_path("platlib"))}
    folders = {folder.stem for place in places for folder in place.glob("*.dist-info")}
    return sorted((folder.replace("-", "==", 1) for folder in folders), key=str.lower)
