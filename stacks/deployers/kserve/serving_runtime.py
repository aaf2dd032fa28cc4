"""The project's own server as a ServingRuntime of KServe."""

from __future__ import annotations

from pathlib import Path
from string import Template

from stacks.deployers.kserve.manifest import OWN_RUNTIME
from switchyard.config.server_options import ServerOptions
from switchyard.serving.options.derived import pod_arguments

_MANIFEST = Path(__file__).with_suffix(".yaml")


def serving_runtime(namespace: str, image: str, options: type[ServerOptions] = ServerOptions) -> str:
    """The manifest, in YAML.

    Args:
        namespace: Where the models are served.
        image: The image of the steps, which has all that the server imports.
        options: The options of the server, which say what a pod gives to it.
    """
    given = pod_arguments(options)
    lines = (f"        - {flag}" + ("" if value is True else f"={value}") for flag, value in given.items())
    return Template(_MANIFEST.read_text()).substitute(
        name=OWN_RUNTIME, namespace=namespace, image=image, arguments="\n".join(lines), port=given["--port"]
    )
