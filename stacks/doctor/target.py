"""The stack that is looked at, as its file describes it: nothing has to be applied before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stacks.setup.stack_file import StackFile
from switchyard.errors import InputError

_REFERENCE = re.compile(r"\{\{\s*([^\s.]+)\.(\S+?)\s*\}\}")


@dataclass(frozen=True)
class Target:
    """A stack.

    Attributes:
        name: Of its file.
        stack: What stands in it.
    """

    name: str
    stack: StackFile

    def flavor(self, kind: str) -> str:
        """The flavor of a component; empty if the stack has none of this kind."""
        return next((each.flavor for key, each in self.stack.components.items() if key == kind), "")

    def has(self, kind: str, flavor: str) -> bool:
        """Whether a component is of this flavor: one of ZenML's by name, one of ours by its class."""
        return self.flavor(kind).rpartition(".")[2] == flavor

    def settings(self, kind: str) -> dict[str, Any]:
        """A component's settings, with the secrets themselves where the file refers to them. Not to be shown."""
        found = next((each.config for key, each in self.stack.components.items() if key == kind), {})
        return {key: self._value(value) for key, value in found.items()}

    def config(self, kind: str) -> Any:  # noqa: ANN401 - each flavor has a class of its own
        """The settings of a flavor of ours, with its defaults.

        Raises:
            InputError: The flavor refuses them.
        """
        from stacks.setup.component_check import settings_of_ours

        component = next(each for key, each in self.stack.components.items() if key == kind)
        flavor = settings_of_ours(self.name, kind, component)
        try:
            return flavor.config_class(**self.settings(kind))
        except (ValidationError, ValueError):  # which would show what it was given
            raise InputError(
                f"stacks/{self.name}.yaml: components.{kind} refuses a secret; look through the values in .env"
            ) from None

    def secret(self, name: str) -> dict[str, str]:
        """The values of a secret of the stack file. Not to be shown."""
        return {key: value.get_secret_value() for key, value in self.stack.secrets.get(name, {}).items()}

    def hidden(self) -> Iterator[str]:
        """Every value that must not be shown."""
        for name in self.stack.secrets:
            yield from self.secret(name).values()

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - a YAML value
        found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self.secret(found[1]).get(found[2], value) if found else value
