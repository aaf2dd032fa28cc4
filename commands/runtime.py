"""`python run.py runtime`: prints the ServingRuntime of the project's own server."""

from __future__ import annotations

import argparse
import os

from switchyard.errors import InputError

ABOUT = "Prints the KServe ServingRuntime of Switchyard's own server, for kubectl apply -f -."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--namespace", metavar="NAME", help="default: the variable KFP_NAMESPACE")
    parser.add_argument("--registry", metavar="HOST/FOLDER", help="default: the variable REGISTRY")


def call(arguments: argparse.Namespace) -> None:
    """Prints the manifest.

    Raises:
        InputError: No namespace or no registry is named.
    """
    from stacks.deployers.kserve.serving_runtime import serving_runtime
    from stacks.step_image.reference import image_reference

    namespace = arguments.namespace or os.environ.get("KFP_NAMESPACE")
    if not namespace:
        raise InputError("python run.py runtime: no namespace; set KFP_NAMESPACE in .env, or give --namespace NAME")
    registry = arguments.registry or os.environ.get("REGISTRY")
    image = "" if arguments.registry else os.environ.get("SWITCHYARD_IMAGE")
    if not registry and not image:
        raise InputError("python run.py runtime: no registry; set REGISTRY in .env, or give --registry HOST/FOLDER")
    print(serving_runtime(namespace, image_reference(registry, image)), end="")
