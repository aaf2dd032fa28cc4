"""Refuses a ZenML store that an older layout of the project has written to.

ZenML stores the module path of every flavor, materializer and data type. The paths of today are listed in
`tests/test_stored_addresses.py` and stay; those of the layout before lead nowhere, so nothing of what such a store
holds could be loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from switchyard.errors import InputError

if TYPE_CHECKING:
    from zenml.zen_stores.base_zen_store import BaseZenStore

OLD_FLAVORS = "stacks.flavors."
OLD_MATERIALIZERS = "steps.artifacts"
_PAGE = 200  # flavors; a project registers five of its own


def refuse_old_flavors(store: BaseZenStore, folder: str) -> bool:
    """Checks the flavors, of which applying any stack file registers some.

    Args:
        store: Of ZenML, in a folder or on a server.
        folder: ZenML's own, for the error.

    Returns:
        Whether today's layout has registered a flavor; since then no older one can have used the store.

    Raises:
        InputError: A flavor was registered by an older layout.
    """
    from zenml.models import FlavorFilter

    sources = [each.source for each in store.list_flavors(FlavorFilter(integration="custom", size=_PAGE)).items]
    old = sorted(source for source in sources if source.startswith(OLD_FLAVORS))
    if old:
        raise _refused(store, folder, old[0])
    return any(source.startswith("stacks.") for source in sources)


def refuse_old_artifacts(store: BaseZenStore, folder: str, project: UUID) -> None:
    """Checks the artifacts of one project of a store without flavors of ours: somebody may have deleted the old ones.

    Args:
        store: Of ZenML, in a folder or on a server.
        folder: ZenML's own, for the error.
        project: The active one.

    Raises:
        InputError: An artifact was written by an older layout.
    """
    from zenml.models import ArtifactVersionFilter

    wanted = ArtifactVersionFilter(project=project, materializer=f"contains:{OLD_MATERIALIZERS}", size=1)
    found = store.list_artifact_versions(wanted).items
    if found:
        raise _refused(store, folder, found[0].materializer.import_path)


def _refused(store: BaseZenStore, folder: str, address: str) -> InputError:
    """One sentence: what was found where, and what to do."""
    from zenml.enums import StoreType

    if store.type == StoreType.REST:
        return InputError(
            f"the ZenML server {store.url} holds records of an older layout of this project ({address}), which this "
            "version cannot load; connect to another server with: zenml login URL, or keep using the version of the "
            "project that wrote them"
        )
    return InputError(
        f"{folder} was written by an older layout of this project ({address}), which this version cannot load; "
        "point ZENML_CONFIG_PATH to an empty folder, or move this one away"
    )
