"""The lines of a commented config: each key with its description from the models, for `init`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from switchyard.config.descriptions import describe_key
from switchyard.config.reading.schema import slot_at
from switchyard.data.yaml_scalars import comment, scalar


@dataclass(frozen=True)
class CommentedYaml:
    """Writes the keys of a config, one a line.

    Attributes:
        model: The config that the file will be read as.
    """

    model: type[BaseModel]

    def section(self, path: str, note: str = "") -> str:
        """The line that opens a section.

        Args:
            path: Its key path, such as `contract.table`.
            note: What to add to its description.
        """
        return self.key(path, "", note)

    def key(self, path: str, value: str | None = None, note: str = "") -> str:
        """The line of a key.

        Args:
            path: Its key path, such as `data.target`.
            value: Its value as YAML; by default the key's own default.
            note: What to add to its description, such as why this value was chosen.
        """
        keys = path.split(".")
        shown = scalar(self._default(keys)) if value is None else value
        words = [describe_key(self.model, keys).comment, *self._others(keys, shown), *([note] if note else [])]
        line = f"{keys[-1]}: {shown}".rstrip()
        return f"{'  ' * (len(keys) - 1)}{line}  # {comment('; '.join(words))}"

    def left_out(self, path: str, value: str, note: str = "") -> str:
        """The line of a key that is only proposed: the same, commented out."""
        line = self.key(path, value, note)
        indent = len(line) - len(line.lstrip())
        return f"{line[:indent]}# {line[indent:]}"

    def champion_and_deployment(self) -> Iterator[str]:
        """The sections at the end of every config, whatever its data, with their defaults."""
        yield self.section("champion")
        for key in ("test", "alpha", "min_rows", "too_close", "worse"):
            yield self.key(f"champion.{key}")
        yield ""
        yield self.section("deployment")
        for key in ("host", "port", "golden_rows", "max_request_mb"):
            yield self.key(f"deployment.{key}")

    def _default(self, keys: list[str]) -> str | int | float | bool:
        parent = slot_at(self.model, keys[:-1])
        assert parent is not None and parent.section is not None
        default: str | int | float | bool = parent.section.model_fields[keys[-1]].default
        return default

    def _others(self, keys: list[str], shown: str) -> list[str]:
        """What else may stand there, if the values can be counted."""
        slot = slot_at(self.model, keys)
        if slot is None or get_origin(slot.annotation) is not Literal:
            return []
        return [f"or {', '.join(str(each) for each in get_args(slot.annotation) if str(each) != shown)}"]
