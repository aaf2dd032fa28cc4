"""Applies `--set key.path=value` to what a YAML file holds.

The value is YAML: `--set search.trials=3`, `--set data.nulls='["", NA]'`; where text is wanted, it needs no quotes of
its own: `--set gates.roc_auc='>= 0.8'`. The path follows the models, so a misspelt key is refused here and not added. A
name that itself holds a dot (a gate such as `latency_ms.p95`, a column, a candidate) may be written as it is or in
quotes: `gates.latency_ms.p95=...` or `gates."latency_ms.p95"=...`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

from pydantic import BaseModel, JsonValue

from switchyard.config.reading.schema import Slot, describe
from switchyard.config.reading.yaml12 import Document, close_match, found, parse_yaml
from switchyard.errors import InputError

_SEGMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^."'=]+?))\s*(\.|=)""")


def apply_overrides(document: Document, overrides: Sequence[str], model: type[BaseModel]) -> Document:
    """Returns the document with the overrides in place, the last one winning.

    Args:
        document: What the file holds; it is not changed.
        overrides: Each `key.path=value`.
        model: The model of the whole file, which says where the keys are.

    Returns:
        A new document, whose origins name the `--set` of each key that one gave.

    Raises:
        InputError: An override has no `=`, no such key, or a value that is not YAML.
    """
    value, origins = copy.deepcopy(document.value), dict(document.origins)
    for override in overrides:
        keys, text = _split(override)
        path, slot = _resolve(keys, value, Slot(model), override)
        _put(value, path, _parse(text, slot, override), override)
        for old in [key for key in origins if key[: len(path)] == path]:
            del origins[old]
        origins[path] = f"--set {override}"
    return Document(document.path, value, origins)


def _split(override: str) -> tuple[list[str], str]:
    keys, position = [], 0
    while match := _SEGMENT.match(override, position):
        keys.append(next(group for group in match.groups() if group is not None))
        position = match.end()
        if match[4] == "=":
            return keys, override[position:]
    raise InputError(f"--set {override} is not of the form key.path=value, such as --set search.trials=5.")


def _parse(text: str, slot: Slot, override: str) -> JsonValue:
    """Reads a value as YAML; where text is wanted, text that is no YAML (`>= 0.8`) or a number is meant as it is."""
    try:
        value = parse_yaml(text, f"the value of --set {override}")
    except InputError:
        if slot.annotation is not str:
            raise
        return text
    is_other = slot.annotation is str and not isinstance(value, str | None)
    return text if is_other else value


def _resolve(keys: list[str], value: JsonValue, slot: Slot, override: str) -> tuple[tuple[str, ...], Slot]:
    """Finds which keys of the config a dotted path means, and what may stand there."""
    path: list[str] = []
    while keys:
        taken = _take(keys, value, slot)
        key, keys = ".".join(keys[:taken]), keys[taken:]
        below = slot.child(key)
        if below is None:
            raise InputError(_no_such_key(path, key, slot, override))
        path.append(key)
        value, slot = value.get(key) if isinstance(value, dict) else None, below
    return tuple(path), slot


def _take(keys: list[str], value: JsonValue, slot: Slot) -> int:
    """How many of the dotted parts make up the next key."""
    if slot.entries is None:
        return 1
    existing = value if isinstance(value, dict) else {}
    for count in range(len(keys), 0, -1):
        if ".".join(keys[:count]) in existing:
            return count
    nested = slot.entries.section is not None or slot.entries.entries is not None
    return 1 if nested else len(keys)


def _no_such_key(path: list[str], key: str, slot: Slot, override: str) -> str:
    where = ".".join(path)
    if slot.section is None:
        return f"--set {override}: {where} is {describe(slot)}, so it has no key {key} below it; set {where} itself."
    allowed = list(slot.section.model_fields)
    guess = close_match(key, allowed)
    question = f"did you mean {guess}? " if guess else ""
    return f"--set {override}: {where or 'the config'} has no key {key}; {question}allowed are {', '.join(allowed)}."


def _put(value: dict[str, JsonValue], path: Sequence[str], item: JsonValue, override: str) -> None:
    for i, key in enumerate(path[:-1], start=1):
        below = value.get(key)
        if below is None:
            below = value[key] = {}
        if not isinstance(below, dict):
            where = ".".join(path[:i])
            raise InputError(f"--set {override}: {where} is {found(below)} in the file, not a mapping; mend the file.")
        value = below
    value[path[-1]] = item
