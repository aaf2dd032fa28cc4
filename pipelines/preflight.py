"""Everything that can be found wrong before anything runs or is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard import config as configs
from switchyard.config import Config
from switchyard.project import ROOT

if TYPE_CHECKING:
    from switchyard.data.source import Source


def preflight(path: Path, overrides: Sequence[str]) -> tuple[Config, Source]:
    """Reads the config, looks at the source, and checks that the one fits the other.

    Args:
        path: The use case file; `titanic` or `configs/titanic.yaml` alike.
        overrides: Each `key.path=value`.

    Raises:
        InputError: What the user wrote, or the data, cannot be used.
    """
    from switchyard.data.source import inspect
    from switchyard.evaluation.gates import check_gates
    from switchyard.models.check import check_candidates

    config = configs.load(_config_file(path), overrides)
    check_candidates(config)
    check_gates(config.gates, config.task)
    source = inspect(config.data, config.contract, config.task, root=ROOT, features=config.features)
    return config, source


def _config_file(path: Path) -> Path:
    """The file that is meant: as given, from the project's folder, or by the use case's name."""
    by_name = [ROOT / "configs" / f"{path}.yaml"] if path.name == str(path) and not path.suffix else []
    for place in [path, ROOT / path, *by_name]:
        if place.is_file():
            return place
    return path
