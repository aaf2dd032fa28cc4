"""The stack file `stacks/NAME.yaml`: which components a stack has and how each is set up."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from switchyard.config import Section
from switchyard.config_file import read_model
from switchyard.errors import InputError

FOLDER = Path(__file__).resolve().parent
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


class StackFile(Section):
    """A whole stack."""

    components: dict[ComponentType, Component] = Field(min_length=2)


def read_stack(name: str) -> StackFile:
    """The stack file of this name.

    Raises:
        InputError: There is none, or what is in it is not a stack.
    """
    path = FOLDER / f"{name}.yaml"
    known = sorted(each.stem for each in FOLDER.glob("*.yaml"))
    if not path.is_file():
        raise InputError(f"--stack {name}: there is no stacks/{name}.yaml; allowed: {', '.join(known)}")
    stack, _ = read_model(path, (), StackFile)
    missing = {"orchestrator", "artifact_store"} - set(stack.components)
    if missing:
        raise InputError(f"stacks/{name}.yaml: components.{sorted(missing)[0]} is missing; every stack has one")
    return stack
