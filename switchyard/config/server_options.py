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

    max_delay_ms: Annotated[float, Flag("--batch-delay-ms")] = Field(default=2.0, gt=0, le=1000)
    """How long a request waits for others, in milliseconds."""
    max_size: Annotated[int, Flag("--batch-size")] = Field(default=32, ge=2, le=1024)
    """How many rows are run at once at most."""


class ServerSettings(Section):
    """The options of the server that a config's `deployment` section sets."""

    host: Annotated[str, InPod("0.0.0.0")] = "127.0.0.1"
    """The address to listen on; the default is reachable from this machine only. Not used on a cluster."""
    port: Annotated[int, InPod(8080)] = Field(default=8080, ge=1, le=65535)
    """The port to listen on; if it is in use, the next free one is taken, and the run says so.

    Not used on a cluster.
    """
    max_request_mb: float = Field(default=8.0, gt=0)
    """The largest request accepted, in MiB.

    On a cluster only with [`KSERVE_RUNTIME=switchyard`](kubeflow/set-up.md#which-server-answers).
    """
    batching: Batching | None = None
    """How requests that arrive together are run as one batch; `{}` takes the defaults.

    [When it helps](endpoint.md#requests-that-arrive-together). On a cluster only with `KSERVE_RUNTIME=switchyard`.
    Default: each request runs by itself.
    """


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
