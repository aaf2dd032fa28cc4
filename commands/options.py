"""Options that several commands have."""

from __future__ import annotations

import argparse
from pathlib import Path

from switchyard.errors import InputError


def add_config(parser: argparse.ArgumentParser) -> None:
    """Which use case."""
    parser.add_argument(
        "--config", default="titanic", metavar="FILE", help="the use case: NAME or configs/NAME.yaml (default: titanic)"
    )


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Which stack."""
    parser.add_argument("--stack", metavar="NAME", help="apply stacks/NAME.yaml and make it active")


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Which keys of the config to override."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override a key, as in split.test=0.3",
    )


def add_use_case(parser: argparse.ArgumentParser) -> None:
    """Which use case, of a command that also takes the name of one whose config is gone."""
    parser.add_argument("--config", default="titanic", metavar="NAME", help="the use case (default: titanic)")


def use_case_of(config: str) -> str:
    """The name in the config; a use case whose file is gone still has versions.

    Raises:
        InputError: A file is named that does not exist.
    """
    from runs.preflight import config_file
    from switchyard.config.loading import load

    file = config_file(Path(config))
    if file.is_file():
        return load(file).name
    if Path(config).suffix or "/" in config:
        raise InputError(f"{file} is not a file: give the name of a use case, or its file")
    return config
