"""The manual's pages: each template with its `{{ … }}` lines replaced by tables.

A line `{{ Data }}` becomes the table of the keys of that section, `{{ Config name task }}` of some of its keys,
`{{ metrics TASK … }}` the metrics of some tasks, and `{{ hyperparameters }}` those of each kind of learner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from switchyard.config.descriptions import description_of
from switchyard.config.images import ImageConfig
from switchyard.config.reading.schema import Slot, describe, slot_at
from switchyard.config.sections import Config
from switchyard.config.task_metrics import metrics_of
from switchyard.data.yaml_scalars import scalar, sequence
from switchyard.training.images.settings import ArcFaceTraining, ImageTraining
from switchyard.training.tables.learners import KINDS

TEMPLATES = Path(__file__).parent
PAGES = ("config.md", "config-images.md")
_LINE = re.compile(r"^\{\{ (.+?) \}\}$", re.MULTILINE)
_TOP = (Config, ImageConfig, ImageTraining, ArcFaceTraining)
_FROM_THE_CONFIG = ("size", "channels")  # of a training, which the section `image` says


def page(name: str) -> str:
    """The text of one page of the manual.

    Args:
        name: One of `PAGES`.

    Raises:
        ValueError: A key has no description.
        KeyError: The template names no section or key that there is.
    """
    template = (TEMPLATES / name).read_text(encoding="utf-8")
    note = f"<!-- Written by `python -m switchyard.manual` from switchyard/manual/{name} and the models. -->\n\n"
    return note + _LINE.sub(lambda line: _table(line[1].split()), template)


def sections(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """By name, a model and every section in its fields, directly, in a list or in a table."""
    found = {model.__name__: model}
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            found |= sections(part)
    return found


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 (a type form has no type of its own)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _table(words: Sequence[str]) -> str:
    name, *rest = words
    if name == "metrics":
        rows = [(f"`{task}`", _listed(metrics_of(task))) for task in rest]
        return _markdown(("task", "metrics"), rows)
    if name == "hyperparameters":
        return _markdown(("type", "hyperparameters"), [(f"`{kind}`", _listed(KINDS[kind].params)) for kind in KINDS])
    models = {key: model for top in _TOP for key, model in sections(top).items()}
    return _keys(models[name], rest)


def _keys(model: type[BaseModel], only: Sequence[str]) -> str:
    told: set[str] = set()
    if issubclass(model, ImageTraining):
        told = set(_FROM_THE_CONFIG if model is ImageTraining else ImageTraining.model_fields)
    names = only or [key for key in model.model_fields if key not in told]
    return _markdown(("key", "value", "default", "meaning"), [_row(model, key) for key in names])


def _row(model: type[BaseModel], key: str) -> tuple[str, str, str, str]:
    field, slot = model.model_fields[key], slot_at(model, [key])
    assert slot is not None
    try:
        description = description_of(field)
    except ValueError as error:
        raise ValueError(f"{model.__name__}.{key} {error}") from None
    return f"`{key}`", _value(slot), description.default or _default(field), description.text


def _value(slot: Slot) -> str:
    """What may stand there, from the type and its bounds."""
    if slot.section or (slot.entries and slot.entries.section):
        return "a mapping" if slot.section else "a mapping of names to mappings"
    inner = get_args(slot.annotation)[0] if get_origin(slot.annotation) is tuple and not slot.words else None
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return "a list of mappings"
    if get_origin(slot.annotation) is Literal and not slot.words:
        return _listed(map(str, get_args(slot.annotation)))
    return describe(slot)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return "its defaults"
    if isinstance(value, dict):
        return "`{}`"
    if isinstance(value, tuple):
        return f"`{scalar(value[0]) if len(value) == 1 and not isinstance(value[0], str) else sequence(value)}`"
    return f"`{scalar(value)}`"


def _listed(words: Any) -> str:  # noqa: ANN401 (any iterable of text)
    return ", ".join(f"`{word}`" for word in words)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" if line[0] != "---" else f"|{'|'.join(line)}|" for line in lines)
