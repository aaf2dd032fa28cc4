"""Looks up and describes what a pydantic model allows at a key path.

The words come from the model itself, so that an error message can never disagree with it.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as at
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from switchyard.config.descriptions import Allowed

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Slot:
    """A place in the config: its type, its constraints and, if these do not say it well, words for what is allowed."""

    annotation: Any
    metadata: tuple[Any, ...] = ()

    @property
    def words(self) -> str | None:
        """What is allowed, if the model has words of its own for it."""
        return next((item.words for item in self.metadata if isinstance(item, Allowed)), None)

    @property
    def section(self) -> type[BaseModel] | None:
        """The model that stands here, if one does."""
        kind = self.annotation
        return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None

    @property
    def entries(self) -> Slot | None:
        """What each value is, if this is a mapping with names of the user's own."""
        return _slot(get_args(self.annotation)[1]) if get_origin(self.annotation) is dict else None

    def child(self, key: str | int) -> Slot | None:
        """The slot under a key or list index, or None if nothing may stand there."""
        if self.section is not None:
            field = self.section.model_fields.get(str(key))
            return _field_slot(field) if field else None
        if isinstance(key, int):
            args = get_args(self.annotation)
            return _slot(args[0]) if get_origin(self.annotation) is tuple else None
        return self.entries


def slot_at(model: type[BaseModel], path: Sequence[str | int]) -> Slot | None:
    """Returns what may stand at a key path of a model, or None if nothing may."""
    slot: Slot | None = Slot(model)
    for key in path:
        slot = slot.child(key) if slot else None
    return slot


def describe(slot: Slot) -> str:
    """Says what is allowed in a slot, such as "a whole number of at least 1"."""
    if slot.words:
        return slot.words
    if slot.section is not None:
        return f"a mapping with {', '.join(slot.section.model_fields)}"
    if slot.entries is not None:
        return f"a mapping of names to {_plural(slot.entries)}{_describe_length(slot)}"
    return _describe_value(slot) + _describe_length(slot)


def _describe_value(slot: Slot) -> str:
    kind, origin, args = slot.annotation, get_origin(slot.annotation), get_args(slot.annotation)
    if origin is Literal:
        return f"one of {', '.join(map(str, args))}"
    if origin is tuple:
        return f"a list of {_plural(_slot(args[0]))}"
    if origin in (Union, types.UnionType):
        return _any_of([describe(_slot(arg)) for arg in args])
    return _WORDS.get(kind, str(kind)) + _describe_range(slot.metadata)


def _plural(slot: Slot) -> str:
    if slot.section is not None:
        return f"mappings with {', '.join(slot.section.model_fields)}"
    plain = slot.annotation is str and not slot.words
    return "texts" if plain else f"values, each {describe(slot)}"


def _any_of(words: list[str]) -> str:
    if "a number" in words:  # which a whole number is, too
        words = [word for word in words if word != "a whole number"]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def _describe_range(metadata: tuple[Any, ...]) -> str:
    low = next((item.ge for item in metadata if isinstance(item, at.Ge)), None)
    high = next((item.le for item in metadata if isinstance(item, at.Le)), None)
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = [f"of at least {low}"] * (low is not None) + [f"of at most {high}"] * (high is not None)
    parts += [f"above {item.gt}" for item in metadata if isinstance(item, at.Gt)]
    parts += [f"below {item.lt}" for item in metadata if isinstance(item, at.Lt)]
    return f" {' and '.join(parts)}" if parts else ""


def _describe_length(slot: Slot) -> str:
    low = next((item.min_length for item in slot.metadata if isinstance(item, at.MinLen)), 0)
    high = next((item.max_length for item in slot.metadata if isinstance(item, at.MaxLen)), None)
    if high is not None:
        return f" of {low} to {high} characters" if low != high else f" of {high} character{'s'[: high > 1]}"
    return ", not empty" if low else ""


def _field_slot(field: FieldInfo) -> Slot:
    inner = _slot(field.annotation)
    return Slot(inner.annotation, (*field.metadata, *inner.metadata))


def _slot(annotation: Any) -> Slot:  # noqa: ANN401 (a type form has no type of its own)
    """Takes off `Annotated` and `| None`: a key that may be left out need not say so."""
    if get_origin(annotation) is Annotated:
        inner = _slot(get_args(annotation)[0])
        own = [bound for item in annotation.__metadata__ if isinstance(item, FieldInfo) for bound in item.metadata]
        words = [item for item in annotation.__metadata__ if isinstance(item, Allowed)]
        return Slot(inner.annotation, (*inner.metadata, *own, *words))
    if get_origin(annotation) in (Union, types.UnionType):
        args = [arg for arg in get_args(annotation) if arg is not types.NoneType]
        return _slot(args[0]) if len(args) == 1 else Slot(Union[tuple(args)])  # noqa: UP007 (built at run time)
    return Slot(annotation)
