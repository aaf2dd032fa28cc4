"""Everything that can be found wrong before anything runs or is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.config.loading import load
from switchyard.config.sections import UseCase
from switchyard.errors import InputError
from switchyard.project import ROOT

if TYPE_CHECKING:
    from switchyard.tasks.data import Source


def preflight(path: Path, overrides: Sequence[str], split: bool = True) -> tuple[UseCase, Source]:
    """Reads the config, looks at the source, and checks that the one fits the other.

    The hyperparameters are looked at by `check_learners`, which imports the learners and so takes seconds: an
    unchanged run does without.

    Args:
        path: The use case file; `titanic` or `configs/titanic.yaml` alike.
        overrides: Each `key.path=value`.
        split: Whether the rows are to be split.

    Raises:
        InputError: What the user wrote, or the data, cannot be used.
    """
    from switchyard.evaluation.gates.judge import check_gates
    from switchyard.tasks.registry import kind_of

    file = config_file(path)
    config = load(file, overrides)
    kind = kind_of(config.task)
    with _named(file):
        check_gates(config.gates, kind.gates().places(config))
    return config, kind.data().inspect(config, ROOT, split)


def read_config(path: Path) -> UseCase:
    """The config alone, for a command that needs no data.

    Args:
        path: The use case file; `titanic` or `configs/titanic.yaml` alike.

    Raises:
        InputError: There is no such file, or it is not right.
    """
    return load(config_file(path))


def check_learners(path: Path, config: UseCase) -> None:
    """Asks each candidate's learner whether it takes the hyperparameters of the config.

    Args:
        path: The use case file, for the error.
        config: What is in it.

    Raises:
        InputError: A hyperparameter is unknown, or a value is refused.
    """
    from switchyard.tasks.registry import kind_of

    with _named(config_file(path)):
        kind_of(config.task).training().check_candidates(config)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Puts the file's name before what is wrong with a key of it."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}: {error}") from error


def config_file(path: Path) -> Path:
    """The file that is meant: as given, from the project's folder, or by the use case's name."""
    is_name = path.name == str(path) and not path.suffix
    places = [path, ROOT / path, *([ROOT / "configs" / f"{path}.yaml"] if is_name else [])]
    found = next((place for place in places if place.is_file()), places[-1] if is_name else path)
    return found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found
