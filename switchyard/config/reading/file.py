"""Reads a config file into its pydantic model, and words what is wrong with it.

`switchyard.config.loading.load` calls this. Every problem is one line that names the file, where it
was written (a line, or a `--set`), the key path, what was found and what is allowed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from switchyard.config.reading.overrides import apply_overrides
from switchyard.config.reading.schema import describe, slot_at
from switchyard.config.reading.yaml12 import Document, KeyPath, close_match, found, read_yaml
from switchyard.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, overrides: Sequence[str], model: type[Model]) -> tuple[Model, Document]:
    """Reads a YAML file, applies the overrides and validates the result.

    Args:
        path: The YAML file.
        overrides: Each `key.path=value`, as given to `--set`.
        model: What the file must look like.

    Returns:
        The validated model and the document that it came from.

    Raises:
        InputError: One line a problem.
    """
    return validated(read_yaml(path), overrides, model)


def validated(document: Document, overrides: Sequence[str], model: type[Model]) -> tuple[Model, Document]:
    """Applies the overrides to a document and validates the result; see `read_model`."""
    document = apply_overrides(document, overrides, model)
    try:
        # JSON, since strict models take a list for a tuple from JSON only.
        return model.model_validate_json(json.dumps(document.value)), document
    except ValidationError as error:
        raise InputError("\n".join(_wording(error, document, model))) from None


def task_of(document: Document, overrides: Sequence[str]) -> JsonValue:
    """The task that a use case file names, or the last `--set task=...`; it says which model the file must fit."""
    given = [text.partition("=")[2].strip() for text in overrides if text.partition("=")[0].strip() == "task"]
    return given[-1] if given else document.value.get("task")


def refuse(document: Document, problems: Iterable[tuple[KeyPath, str]]) -> None:
    """Raises the problems found between keys, if any, in the words of all others.

    Args:
        document: What was read.
        problems: A key path and what is wrong there, such as "is 'fare', but …".

    Raises:
        InputError: One line a problem.
    """
    lines = [_line(document, path, text) for path, text in problems]
    if lines:
        raise InputError("\n".join(lines))


def dotted(path: KeyPath) -> str:
    """Writes a key path as a user would: `candidates.mlp.search.hidden.choices[0]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{_quoted(key)}" if text else _quoted(key)
    return text


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[\w -]+", key) else json.dumps(key, ensure_ascii=False)


def _line(document: Document, path: KeyPath, text: str) -> str:
    origin = next((document.origins[path[:n]] for n in range(len(path), 0, -1) if path[:n] in document.origins), "")
    place = f"{document.path}, {origin}" if origin else str(document.path)
    return f"{place}: {dotted(path)} {text}." if path else f"{place}: {text}."


def _wording(error: ValidationError, document: Document, model: type[BaseModel]) -> list[str]:
    lines: dict[KeyPath, str] = {}
    for item in error.errors(include_url=False):
        path, value = _locate(item["loc"], document.value)
        if item["type"] == "missing":
            path = (*path, item["loc"][-1])
        # A union gives one error for each of its types: the first one speaks for all.
        lines.setdefault(path, _line(document, path, _text(item, path, value, model)))
    return list(lines.values())


def _locate(loc: tuple[str | int, ...], value: JsonValue) -> tuple[KeyPath, JsonValue]:
    """Cuts pydantic's own additions (a union's member, say) off a location."""
    path: list[str | int] = []
    for key in loc:
        if isinstance(value, dict) and key in value:
            value = value[str(key)]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            break
        path.append(key)
    return tuple(path), value


def _text(item: ErrorDetails, path: KeyPath, value: JsonValue, model: type[BaseModel]) -> str:
    kind = item["type"]
    if kind == "extra_forbidden":
        return _unknown(path, model)
    if kind == "json_invalid":  # what is left to be wrong with JSON that json.dumps wrote
        return "it is nested too deeply to be read"
    slot = slot_at(model, path)
    allowed = describe(slot) if slot else "what the schema says"
    if kind == "missing":
        return f"is missing; it must be {allowed}"
    if kind == "value_error":
        return str(item["ctx"]["error"])
    hint = "; put it in quotes" if allowed.startswith("text") and isinstance(value, bool | int | float) else ""
    return f"is {found(value)}, but must be {allowed}{hint}"


def _unknown(path: KeyPath, model: type[BaseModel]) -> str:
    slot = slot_at(model, path[:-1])
    allowed = list(slot.section.model_fields) if slot and slot.section else []
    guess = close_match(str(path[-1]), allowed)
    question = f"did you mean {guess}? " if guess else ""
    return f"is not a known key; {question}allowed here are {', '.join(allowed)}"
