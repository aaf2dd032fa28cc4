"""Options that several commands have."""

from __future__ import annotations

import argparse


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
