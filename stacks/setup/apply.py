"""Makes ZenML's stack what the stack file says, and makes it the active one.

Every part is looked up before it is created and compared before it is updated, so applying twice changes
nothing and a run that died half-way is simply gone on with.
"""

from __future__ import annotations

from typing import Any

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import EntityExistsError
from zenml.models import ComponentResponse

from stacks.setup.component_check import Checked, check
from stacks.setup.secrets import apply_secrets, remove_secrets
from stacks.setup.stack_file import StackFile
from switchyard.errors import InputError


def apply_stack(name: str, stack: StackFile) -> list[str]:
    """Creates or updates the stack and its components, and activates it.

    Args:
        name: The stack's name in ZenML.
        stack: What the stack file says.

    Returns:
        What was changed, one line each; empty if the stack was as it should be.

    Raises:
        InputError: A flavor is unknown, or refuses its settings; nothing was created.
    """
    changes: list[str] = []
    client = Client()
    checked = _checked(client, name, stack, changes)
    components = {kind: _component(client, kind, component, changes) for kind, component in checked.items()}
    _stack(client, name, components, changes)
    if client.active_stack_model.name != name:
        client.activate_stack(name)
        changes.append(f"stack {name} is active")
    return changes


def _checked(client: Client, name: str, stack: StackFile, changes: list[str]) -> dict[StackComponentType, Checked]:
    """Secrets come first: settings that refer to one are looked up in the store while a flavor checks them."""
    created = apply_secrets(client, stack.secrets, changes)
    try:
        return {
            StackComponentType(kind): check(name, StackComponentType(kind), component)
            for kind, component in stack.components.items()
        }
    except InputError:
        remove_secrets(client, created)
        raise


def _component(client: Client, kind: StackComponentType, wanted: Checked, changes: list[str]) -> ComponentResponse:
    _register(client, kind, wanted, changes)
    label = f"{kind.value} {wanted.name}"
    found = _find(client, kind, wanted.name)
    if found is not None and found.flavor_name != wanted.flavor:
        # A component cannot change its flavor: the old one makes room under another name, its history stays.
        renamed = f"{wanted.name}-{found.flavor_name}-{str(found.id)[:8]}"
        client.update_stack_component(found.id, kind, name=renamed)
        changes.append(f"{label} of flavor {found.flavor_name} renamed to {renamed}")
        found = None
    if found is None:
        try:
            found = client.create_stack_component(wanted.name, wanted.flavor, kind, dict(wanted.config))
            changes.append(f"{label} created")
        except EntityExistsError:  # another run was quicker
            found = client.get_stack_component(kind, wanted.name, allow_name_prefix_match=False)
        return found
    if updates := _updates(found.configuration, wanted.config):
        found = client.update_stack_component(found.id, kind, configuration=updates)
        changes.append(f"{label} updated: {', '.join(sorted(updates))}")
    return found


def _updates(current: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """What is to be set, with None for what the stack file does not say (any more)."""
    changed = {key: value for key, value in wanted.items() if current.get(key) != value}
    return changed | {key: None for key, value in current.items() if key not in wanted and value is not None}


def _find(client: Client, kind: StackComponentType, name: str) -> ComponentResponse | None:
    try:
        return client.get_stack_component(kind, name, allow_name_prefix_match=False)
    except KeyError:
        return None


def _register(client: Client, kind: StackComponentType, wanted: Checked, changes: list[str]) -> None:
    """Tells ZenML of a flavor of ours that it does not know yet."""
    if not wanted.source or client.list_flavors(name=wanted.flavor, type=kind, size=1).items:
        return
    try:
        client.create_flavor(wanted.source, kind)
        changes.append(f"flavor {wanted.flavor} registered")
    except EntityExistsError:  # another run was quicker
        pass


def _stack(
    client: Client, name: str, components: dict[StackComponentType, ComponentResponse], changes: list[str]
) -> None:
    wanted: dict[StackComponentType, Any] = {kind: component.id for kind, component in components.items()}
    try:
        found = client.get_stack(name, allow_name_prefix_match=False)
    except KeyError:
        try:
            client.create_stack(name, wanted)
            changes.append(f"stack {name} created")
            return
        except EntityExistsError:  # another run was quicker
            found = client.get_stack(name, allow_name_prefix_match=False)
    current = {kind: listed[0].id for kind, listed in found.components.items() if listed}
    if current != wanted:
        dropped: dict[StackComponentType, Any] = {kind: [] for kind in current if kind not in wanted}
        client.update_stack(found.id, component_updates=wanted | dropped)
        changes.append(f"stack {name} updated")
