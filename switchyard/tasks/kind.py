"""What a kind of data is: its config, and the functions of each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from switchyard.tasks.data import DataSteps
    from switchyard.tasks.evaluation import Evaluating
    from switchyard.tasks.gates import Gates
    from switchyard.tasks.serving import Serving
    from switchyard.tasks.training import Training


class Kind(ABC):
    """A kind of data: subclass it, and hand an instance to `switchyard.tasks.registry.register`.

    Its config is a subclass of `switchyard.config.sections.UseCase` whose `task` is a `Literal` of `tasks`, its recipes
    are subclasses of those in `switchyard.config.recipes` with its name as `kind`. Both are found by being defined.

    Attributes:
        name: In a recipe; also of the folder below each stage that has its code.
        tasks: What a config may name as `task`.
        more_code: Files that its steps depend on beside `switchyard`'s own folders of this kind: those of a kind from
            outside.
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]
    more_code: ClassVar[tuple[Path, ...]] = ()

    @abstractmethod
    def data(self) -> DataSteps:
        """From a source to training, validation and test. What it needs is imported only now, as in all below."""

    @abstractmethod
    def training(self) -> Training:
        """From training rows to a checked ONNX model."""

    @abstractmethod
    def evaluation(self) -> Evaluating:
        """What an ONNX file is worth, alone and against another."""

    @abstractmethod
    def gates(self) -> Gates:
        """What there is to gate."""

    @abstractmethod
    def serving(self) -> Serving:
        """What a version is asked before it goes live."""
