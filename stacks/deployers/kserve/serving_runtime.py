"""The project's own server as a ServingRuntime of KServe."""

from __future__ import annotations

from pathlib import Path
from string import Template

from stacks.deployers.kserve.manifest import OWN_RUNTIME

_MANIFEST = Path(__file__).with_suffix(".yaml")


def serving_runtime(namespace: str, image: str) -> str:
    """The manifest, in YAML.

    Args:
        namespace: Where the models are served.
        image: The image of the steps, which has all that the server imports.
    """
    return Template(_MANIFEST.read_text()).substitute(name=OWN_RUNTIME, namespace=namespace, image=image)
