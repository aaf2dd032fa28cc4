"""Makes ZenML's stack what the stack file says, and makes it the active one.

Every part is looked up before it is created and compared before it is updated, so applying twice changes
nothing and a run that died half-way is simply gone on with.
"""

from __future__ import annotations

import importlib
from typing import Any

from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.exceptions import EntityExistsError
from zenml.models import ComponentResponse
from zenml.stack.flavor import Flavor

from stacks.stack_file import Component, StackFile


def apply_stack(name: str, stack: StackFile) -> list[str]:
    """Creates or updates the stack and its components, and activates it.

    Args:
        name: The stack's name in ZenML.
        stack: What the stack file says.

    Returns:
        What was changed, one line each; empty if the stack was as it should be.
    """
    changes: list[str] = []
    client = Client()
    components = {
        StackComponentType(kind): _component(client, StackComponentType(kind), component, changes)
        for kind, component in stack.components.items()
    }
    _stack(client, name, components, changes)
    if client.active_stack_model.name != name:
        client.activate_stack(name)
        changes.append(f"stack {name} is active")
    return changes


def _component(client: Client, kind: StackComponentType, wanted: Component, changes: list[str]) -> ComponentResponse:
    flavor = _flavor(client, kind, wanted.flavor, changes)
    label = f"{kind.value} {wanted.name}"
    found = _find(client, kind, wanted.name)
    if found is not None and found.flavor_name != flavor:
        # A component cannot change its flavor: the old one makes room under another name, its history stays.
        client.update_stack_component(found.id, kind, name=f"{wanted.name}-{found.flavor_name}-{str(found.id)[:8]}")
        found = None
    if found is None:
        try:
            found = client.create_stack_component(wanted.name, flavor, kind, dict(wanted.config))
            changes.append(f"{label} created")
        except EntityExistsError:  # another run was quicker
            found = client.get_stack_component(kind, wanted.name, allow_name_prefix_match=False)
        return found
    updates: dict[str, Any] = {
        key: value for key, value in wanted.config.items() if found.configuration.get(key) != value
    }
    if updates:
        found = client.update_stack_component(found.id, kind, configuration=updates)
        changes.append(f"{label} updated: {', '.join(sorted(updates))}")
    return found


def _find(client: Client, kind: StackComponentType, name: str) -> ComponentResponse | None:
    try:
        return client.get_stack_component(kind, name, allow_name_prefix_match=False)
    except KeyError:
        return None


def _flavor(client: Client, kind: StackComponentType, flavor: str, changes: list[str]) -> str:
    """The flavor's name in ZenML; one of ours is registered if it is not yet."""
    if "." not in flavor:
        return flavor
    module, class_name = flavor.rsplit(".", 1)
    described: Flavor = getattr(importlib.import_module(module), class_name)()
    if not client.list_flavors(name=described.name, type=kind, size=1).items:
        try:
            client.create_flavor(flavor, kind)
            changes.append(f"flavor {described.name} registered")
        except EntityExistsError:  # another run was quicker
            pass
    return str(described.name)


def _stack(
    client: Client, name: str, components: dict[StackComponentType, ComponentResponse], changes: list[str]
) -> None:
    wanted = {kind: component.id for kind, component in components.items()}
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
    if {kind: current.get(kind) for kind in wanted} != wanted:
        client.update_stack(found.id, component_updates=wanted)
        changes.append(f"stack {name} updated")
