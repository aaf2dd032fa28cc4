"""`python run.py image`: builds the image of the steps and pushes it, unless the registry has it."""

from __future__ import annotations

import argparse
import os

from stacks.step_image.build import MACHINES, Pushed, Recipe, build_and_push
from switchyard.errors import InputError

ABOUT = "Builds and pushes the image that the steps run in, unless the registry already has it."
_MB = 1e6


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--registry", metavar="HOST/FOLDER", help="default: the variable REGISTRY")
    parser.add_argument(
        "--base", metavar="IMAGE", default="", help="base image with Python 3.11 (default: Debian's slim)"
    )
    parser.add_argument(
        "--platform",
        choices=list(MACHINES),
        default="linux/amd64",
        help="platform of the cluster's nodes (default: linux/amd64)",
    )
    parser.add_argument("--force", action="store_true", help="build and push even if the registry already has it")


def call(arguments: argparse.Namespace) -> None:
    """Builds and pushes, and says under which name.

    Raises:
        InputError: No registry is named.
        SwitchyardError: It could not be built or pushed.
    """
    registry = arguments.registry or os.environ.get("REGISTRY")
    if not registry:
        raise InputError("python run.py image: no registry; set REGISTRY in .env, or give --registry HOST/FOLDER")
    recipe = Recipe(base=arguments.base, platform=arguments.platform)
    print(_told(build_and_push(registry, recipe, arguments.force)))


def _told(pushed: Pushed) -> str:
    if not pushed.built:
        return f"{pushed.reference}\nis in the registry already: the lock has not changed (--force builds it again)"
    return (
        f"{pushed.reference}\n"
        f"{pushed.bytes / _MB:,.0f} MB, packed {pushed.packed / _MB:,.0f} MB; packages downloaded in "
        f"{pushed.fetch_seconds:.0f} s, built in {pushed.build_seconds:.0f} s, pushed in {pushed.push_seconds:.0f} s"
    )
