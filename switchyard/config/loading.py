"""Loads a use case: reads the file, applies `--set`, validates every key and checks the rules between keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from switchyard.config.sections import Config, UseCase
from switchyard.errors import InputError
from switchyard.plugins import import_plugins


def config_class(task: object) -> type[UseCase]:
    """The model of a use case that names this task; of an unknown one that of a table, which says what is wrong."""
    import switchyard.config.images  # noqa: F401 - so that its class is known

    import_plugins()
    known = {name: each for each in UseCase.__subclasses__() for name in get_args(each.model_fields["task"].annotation)}
    return known.get(task, Config) if isinstance(task, str) else Config


def recorded(document: Any) -> UseCase:  # noqa: ANN401 - JSON
    """The config of an earlier run, or of another process, from what `model_dump(mode="json")` gave.

    Raises:
        pydantic.ValidationError: This code does not read it.
    """
    task = document.get("task") if isinstance(document, dict) else None
    return config_class(task).model_validate_json(json.dumps(document))


def load(path: Path, overrides: Sequence[str] = ()) -> UseCase:
    """Reads a use case file, applies `--set` overrides and checks everything.

    Args:
        path: The YAML file.
        overrides: Each `key.path=value`; the value is YAML, a name with dots may be quoted.

    Returns:
        The config, of the class that its task asks for: `ImageConfig` if it is about images, `Config` of a table.

    Raises:
        InputError: One line a problem: the file, the key path, what was found, what is allowed.
    """
    from switchyard.config.reading.file import refuse, task_of, validated
    from switchyard.config.reading.yaml12 import read_yaml

    document = read_yaml(path)
    config, document = validated(document, overrides, config_class(task_of(document, overrides)))
    refuse(document, config.problems())
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
