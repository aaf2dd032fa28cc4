"""Whether ZenML can have a component as the stack file describes it; found out before anything is created."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.stack.flavor import Flavor

from stacks.setup.stack_file import Component
from switchyard.config.reading.yaml12 import close_match
from switchyard.errors import InputError


@dataclass(frozen=True)
class Checked:
    """A component that ZenML can have.

    Attributes:
        name: Of the component.
        flavor: The flavor's name in ZenML.
        source: The dotted path of the flavor if it is one of ours, which ZenML has to be told.
        config: The settings, in the form in which ZenML keeps them.
    """

    name: str
    flavor: str
    source: str | None
    config: dict[str, Any]


def check(stack: str, kind: StackComponentType, wanted: Component) -> Checked:
    """Looks the flavor up and validates the settings against it.

    Args:
        stack: The stack's name, for errors.
        kind: The component's type.
        wanted: What the stack file says.

    Raises:
        InputError: The flavor is unknown or cannot be loaded, or it refuses a setting.
    """
    key = f"stacks/{stack}.yaml: components.{kind.value}"
    ours = "." in wanted.flavor
    flavor = _ours(key, wanted.flavor) if ours else _of_zenml(key, kind, wanted.flavor)
    config = {name: value for name, value in wanted.config.items() if value is not None}
    return Checked(
        wanted.name, flavor.name, wanted.flavor if ours else None, _settings(f"{key}.config", flavor, config)
    )


def settings_of_ours(stack: str, kind: str, wanted: Component) -> Flavor:
    """The flavor of one of our components, after it has looked through the settings; ZenML is not asked.

    Args:
        stack: The stack's name, for errors.
        kind: The component's type.
        wanted: What the stack file says.

    Raises:
        InputError: The flavor cannot be loaded, or refuses a setting.
    """
    key = f"stacks/{stack}.yaml: components.{kind}"
    flavor = _ours(key, wanted.flavor)
    _settings(f"{key}.config", flavor, {name: value for name, value in wanted.config.items() if value is not None})
    return flavor


def _ours(key: str, source: str) -> Flavor:
    module, class_name = source.rsplit(".", 1)
    with _loaded(key, source):
        found = getattr(importlib.import_module(module), class_name, None)
    if not (isinstance(found, type) and issubclass(found, Flavor)):
        raise InputError(f"{key}.flavor is {source!r}, but {module} has no flavor {class_name}; see stacks/")
    return found()


def _of_zenml(key: str, kind: StackComponentType, name: str) -> Flavor:
    known = {flavor.name: flavor for flavor in Client().list_flavors(type=kind, size=200).items}
    if name not in known:
        raise InputError(
            f"{key}.flavor is {name!r}, which ZenML does not know; allowed are {', '.join(sorted(known))}, "
            "or the dotted path of a flavor class of stacks/"
        )
    with _loaded(key, name):
        return Flavor.from_model(known[name])


@contextmanager
def _loaded(key: str, flavor: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise InputError(
            f"{key}.flavor is {flavor!r}, which cannot be loaded ({error}); correct it or install what it needs"
        ) from error


def _settings(key: str, flavor: Flavor, config: dict[str, Any]) -> dict[str, Any]:
    known = sorted(flavor.config_class.model_fields)
    for name in config:
        if name not in known:
            guess = close_match(name, known)
            question = f"did you mean {guess}? " if guess else ""
            allowed = ", ".join(known) or "none"
            raise InputError(f"{key}.{name} is no setting of flavor {flavor.name}; {question}allowed are {allowed}")
    try:
        validated = flavor.config_class(**config)
        if not validated.is_valid:
            raise ValueError("the settings do not go together")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, [key, *first["loc"]]))
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":  # what was found is the whole section then, secrets included
            raise InputError(f"{place} is missing; flavor {flavor.name} needs it") from error
        raise InputError(f"{place} is refused by flavor {flavor.name}: {reason}; found {first['input']!r}") from error
    except Exception as error:  # validators of ZenML raise errors of many kinds
        reason = " ".join(str(error).split())
        raise InputError(f"{key} is refused by flavor {flavor.name}: {reason}") from error
    return validated.model_dump(mode="json", exclude_unset=True)
