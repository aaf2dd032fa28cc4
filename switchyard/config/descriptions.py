"""What the config says of its own keys, for the manual, for the comments that `init` writes and for `--help`.

The prose stands once: as a docstring below each field of the pydantic models. Its first sentence is the summary, which
has to fit a comment. A last sentence `Default: …` says what holds where the default is null and does not tell.
Types, bounds and default values come from the fields themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_SUMMARY = re.compile(r"(.*?[.?])(?:\s+(.*))?", re.DOTALL)
_DEFAULT = re.compile(r"(?:^|\s+)Default: (.*)\.$", re.DOTALL)


@dataclass(frozen=True)
class Allowed:
    """Goes into a field's `Annotated`: what is allowed there, where the type and its bounds do not say it well."""

    words: str


@dataclass(frozen=True)
class Description:
    """What a field says of itself.

    Attributes:
        summary: Its first sentence, with the full stop.
        details: The sentences after it.
        default: What holds if the key is left out, if the default itself does not say it.
    """

    summary: str
    details: str
    default: str

    @property
    def comment(self) -> str:
        """The summary as a comment in a YAML file: without its full stop."""
        return self.summary.removesuffix(".").replace("`", "")

    @property
    def text(self) -> str:
        """The summary and the details."""
        return f"{self.summary} {self.details}".strip()


def description_of(field: FieldInfo) -> Description:
    """Reads the docstring of a field.

    Raises:
        ValueError: It has none.
    """
    prose = " ".join((field.description or "").split())
    default = _DEFAULT.search(prose)
    match = _SUMMARY.fullmatch(prose[: default.start()] if default else prose)
    if match is None:
        raise ValueError("has no description: add a docstring below it whose first sentence sums it up")
    return Description(match[1], match[2] or "", default[1] if default else "")


def described_keys(model: type[BaseModel]) -> dict[str, str]:
    """The keys of a section, each with its summary as a comment has it."""
    return {key: description_of(field).comment for key, field in model.model_fields.items()}


def describe_key(model: type[BaseModel], path: Sequence[str]) -> Description:
    """The description of a key, such as `("data", "target")` of a table's config.

    A name of the user's own, such as a column's, counts as a part of the path.

    Raises:
        KeyError: The model has no such key.
    """
    from switchyard.config.reading.schema import slot_at

    parent = slot_at(model, path[:-1])
    section = parent.section if parent else None
    if section is None or path[-1] not in section.model_fields:
        raise KeyError(".".join(path))
    return description_of(section.model_fields[path[-1]])
