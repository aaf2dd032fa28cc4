"""The project's own server as a ServingRuntime of KServe, and the command that prints it: `python run.py runtime`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from string import Template

from stacks.kserve.manifest import OWN_RUNTIME
from switchyard.errors import InputError

_MANIFEST = Path(__file__).with_suffix(".yaml")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("--namespace", metavar="NAME", help="default: the variable KFP_NAMESPACE")
    parser.add_argument("--registry", metavar="HOST/FOLDER", help="default: the variable REGISTRY")


def runtime(arguments: argparse.Namespace) -> None:
    """Prints Switchyard's own server as a ServingRuntime of KServe, for kubectl apply -f -."""
    from stacks.image.reference import image_reference

    namespace = arguments.namespace or os.environ.get("KFP_NAMESPACE")
    if not namespace:
        raise InputError("python run.py runtime: no namespace; set KFP_NAMESPACE in .env, or give --namespace NAME")
    registry = arguments.registry or os.environ.get("REGISTRY")
    image = "" if arguments.registry else os.environ.get("SWITCHYARD_IMAGE")
    if not registry and not image:
        raise InputError("python run.py runtime: no registry; set REGISTRY in .env, or give --registry HOST/FOLDER")
    print(serving_runtime(namespace, image_reference(registry, image)), end="")


def serving_runtime(namespace: str, image: str) -> str:
    """The manifest, in YAML.

    Args:
        namespace: Where the models are served.
        image: The image of the steps, which has all that the server imports.
    """
    return Template(_MANIFEST.read_text()).substitute(name=OWN_RUNTIME, namespace=namespace, image=image)
