"""The options of the model server, each declared once.

`ServerSettings` are the ones that a config's `deployment` section sets; `ServerOptions` adds the rest. Everything else
is derived from these fields by `switchyard.serving.options.derived`: the server's command line and environment, the
command of the local daemon, the arguments of a KServe pod, the ServingRuntime manifest, and the table in
docs/endpoint.md. A new option takes one line here and one where it acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field

from switchyard.config.section import Section

TOKEN_VARIABLE = "SWITCHYARD_TOKEN"


@dataclass(frozen=True)
class Flag:
    """The option's name on the command line, where it is not the field's name."""

    name: str


@dataclass(frozen=True)
class Variable:
    """The environment variable that sets the option instead of a flag: secrets must not show in a process list."""

    name: str


@dataclass(frozen=True)
class InPod:
    """The value that the ServingRuntime manifest gives to the server in every KServe pod."""

    value: str | int | bool


class Batching(Section):
    """How requests that arrive together run as one batch: the longest wait, and the most rows."""

    max_delay_ms: Annotated[float, Flag("--batch-delay-ms")] = Field(
        default=2.0, gt=0, le=1000, description="wait up to this long for requests to run as one batch"
    )
    max_size: Annotated[int, Flag("--batch-size")] = Field(
        default=32, ge=2, le=1024, description="run a batch as soon as it has this many rows"
    )


class ServerSettings(Section):
    """The options of the server that a config's `deployment` section sets."""

    host: Annotated[str, InPod("0.0.0.0")] = Field(
        default="127.0.0.1", description="the address to bind to; the default is reachable from this machine only"
    )
    port: Annotated[int, InPod(8080)] = Field(default=8080, ge=1, le=65535, description="the port to listen on")
    max_request_mb: float = Field(default=8.0, gt=0, description="the largest request body that is read, in MiB")
    batching: Batching | None = Field(default=None, description="run requests that arrive together as one batch")


class ServerOptions(ServerSettings):
    """All options of the server."""

    port: Annotated[int, InPod(8080)] = Field(
        default=8080, ge=0, le=65535, description="the port to listen on; 0 for any free one"
    )
    root: Annotated[Path, InPod("/mnt/models")] = Field(description="the model repository: NAME/VERSION/model.onnx")
    read_only: Annotated[bool, InPod(True)] = Field(
        default=False, description="serve the highest version of each model, and write nothing into the repository"
    )
    next_free_port: bool = Field(default=False, description="take the next free port if this one is in use")
    token: Annotated[str | None, Variable(TOKEN_VARIABLE)] = Field(
        default=None, repr=False, description="the token that clients must send"
    )
    token_file: Path | None = Field(default=None, description="a file with the token that clients must send")
    log: Path | None = Field(default=None, description="append all output to this file")
    # In a pod: the network takes a moment to learn that the pod is ending.
    drain_seconds: Annotated[float, InPod(5)] = Field(
        default=0.0, description="keep answering for this long after a SIGTERM"
    )
    request_seconds: float = Field(default=30.0, description="how long a client may take to send a request")

    @classmethod
    def for_deployment(cls, root: Path, deployment: ServerSettings) -> Self:
        """The options of a server of the repository `root`, with the settings of a config's `deployment` section."""
        return cls(root=root, **settings_of(deployment))


def settings_of(deployment: ServerSettings) -> dict[str, Any]:
    """The settings of the server in a `deployment` section, which has other keys, too."""
    return {name: getattr(deployment, name) for name in ServerSettings.model_fields}
