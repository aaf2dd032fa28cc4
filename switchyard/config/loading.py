"""Loads a use case: reads the file, applies `--set`, validates every key and checks the rules between keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.config.sections import Config
from switchyard.errors import InputError

if TYPE_CHECKING:
    from switchyard.config.images import ImageConfig


def recorded(document: Any) -> Config | ImageConfig:  # noqa: ANN401 - JSON
    """The config of an earlier run, or of another process, from what `model_dump(mode="json")` gave.

    Raises:
        pydantic.ValidationError: This code does not read it.
    """
    from switchyard.config.images import IMAGE_TASKS, ImageConfig

    of_images = isinstance(document, dict) and document.get("task") in IMAGE_TASKS
    return (ImageConfig if of_images else Config).model_validate_json(json.dumps(document))


def load(path: Path, overrides: Sequence[str] = ()) -> Config | ImageConfig:
    """Reads a use case file, applies `--set` overrides and checks everything.

    Args:
        path: The YAML file.
        overrides: Each `key.path=value`; the value is YAML, a name with dots may be quoted.

    Returns:
        The config: an `ImageConfig` if the task is about images, otherwise a `Config`.

    Raises:
        InputError: One line a problem: the file, the key path, what was found, what is allowed.
    """
    from switchyard.config.checks.images import image_problems
    from switchyard.config.checks.tables import problems
    from switchyard.config.images import IMAGE_TASKS, ImageConfig
    from switchyard.config.reading.file import refuse, task_of, validated
    from switchyard.config.reading.yaml12 import read_yaml

    document = read_yaml(path)
    if task_of(document, overrides) in IMAGE_TASKS:
        images, document = validated(document, overrides, ImageConfig)
        refuse(document, image_problems(images))
        return images
    config, document = validated(document, overrides, Config)
    refuse(document, problems(config))
    return config


def load_table(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The same for a use case whose data is a table.

    Raises:
        InputError: As `load`, or its data is images.
    """
    config = load(path, overrides)
    if not isinstance(config, Config):
        raise InputError(f"{path}: task is {config.task}, but this needs a table: classification or regression.")
    return config
