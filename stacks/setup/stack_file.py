"""The stack file `stacks/NAME.yaml`: which components a stack has and how each is set up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr

from stacks.setup.placeholders import Variable, resolve
from switchyard.config.reading.file import read_model
from switchyard.config.sections import Section
from switchyard.errors import InputError

FOLDER = Path(__file__).resolve().parents[1]
ComponentType = Literal[
    "orchestrator",
    "artifact_store",
    "experiment_tracker",
    "model_deployer",
    "container_registry",
    "image_builder",
]


class Component(Section):
    """One component: its name in ZenML, its flavor, and the flavor's settings."""

    name: str = Field(min_length=1)
    flavor: str = Field(min_length=1)
    config: dict[str, Any] = Field(default_factory=dict)


class Template(Section):
    """A stack file as it is written, with `${VARIABLES}` where the environment gives a value."""

    variables: dict[str, Variable] = Field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = Field(default_factory=dict)
    components: dict[ComponentType, Component] = Field(min_length=2)


class StackFile(Section):
    """A whole stack, with every variable replaced.

    Attributes:
        components: What ZenML is told of each; secrets are references such as `{{name.key}}`.
        secrets: By name, the values that go to ZenML's secret store and nowhere else.
    """

    components: dict[ComponentType, Component] = Field(min_length=2)
    secrets: dict[str, dict[str, SecretStr]] = Field(default_factory=dict)


def read_stack(name: str, environment: Mapping[str, str] = os.environ) -> StackFile:
    """The stack file of this name, with the values of the environment.

    Args:
        name: `kubeflow` for `stacks/kubeflow.yaml`.
        environment: Where the variables' values come from; `stacks.setup.environment` has put `.env` into it.

    Raises:
        InputError: There is none, what is in it is not a stack, or variables have no value (one line each).
    """
    template = read_template(name)
    configs = {str(kind): component.config for kind, component in template.components.items()}
    resolved = resolve(f"stacks/{name}.yaml", template.variables, template.secrets, configs, environment)
    return StackFile(
        components={
            kind: component.model_copy(update={"config": resolved.configs[kind]})
            for kind, component in template.components.items()
        },
        secrets=resolved.secrets,
    )


def read_template(name: str) -> Template:
    """The stack file of this name as it is written.

    Raises:
        InputError: There is none, or what is in it is not a stack.
    """
    path = FOLDER / f"{name}.yaml"
    known = sorted(each.stem for each in FOLDER.glob("*.yaml"))
    if not path.is_file():
        raise InputError(f"--stack {name}: there is no stacks/{name}.yaml; allowed: {', '.join(known)}")
    template, _ = read_model(path, (), Template)
    missing = {"orchestrator", "artifact_store"} - set(template.components)
    if missing:
        raise InputError(f"stacks/{name}.yaml: components.{sorted(missing)[0]} is missing; every stack has one")
    return template
