"""Put a model into production on this machine: write, load, smoke test, switch; or leave everything as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.errors import SwitchyardError
from switchyard.serving.local import daemon, repository
from switchyard.serving.protocol import client
from switchyard.serving.rollout.golden import smoke_test

if TYPE_CHECKING:
    from switchyard.config.server_options import ServerOptions
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


@dataclass(frozen=True)
class Deployed:
    """A model that answers.

    Attributes:
        url: The server.
        name: The model.
        version: The version that is active now.
        previous: The version that was active before, if another one was.
        pid: The server's process id.
        notice: What the caller should tell the user, or None.
    """

    url: str
    name: str
    version: int
    previous: int | None
    pid: int
    notice: str | None

    @property
    def infer_url(self) -> str:
        """Where requests go that name no version."""
        return f"{self.url}/v2/models/{self.name}/infer"


def deploy(options: ServerOptions, model: OnnxModel, golden: GoldenRows, *, version: int | None = None) -> Deployed:
    """Make a model the active version of its name.

    The version that answered so far keeps answering until the new one has passed its smoke test, and stays if
    the test fails; the first version of a model answers nobody before that.

    Args:
        options: The model repository, and the options of its server, which is started if none is running.
        model: The model; its metadata's `name` is the name of the endpoint.
        golden: Its golden rows (see golden.py).
        version: The number that the model has in a registry; without it the repository counts. If the active version
            is another model of this number (the registry started anew), that one moves to a free number and serves on.

    Raises:
        SwitchyardError: If any part fails; the new version is removed then.
    """
    root, name, token = options.root.resolve(), str(model.metadata["name"]), options.token
    try:
        root.mkdir(parents=True, exist_ok=True)
        with daemon.lock(root / ".deploy.lock"):
            was_running = daemon.status(root) is not None
            server = daemon.start(options)
            previous = _step_aside(root, server.url, model, version, token)
            known = _known_versions(root, model, version)
            number = repository.write_version(root, name, model, golden, version)
            try:
                _switch(server.url, name, number, golden, token)
            except BaseException:
                _undo(root, server.url, name, number, previous, token)
                if number not in known:
                    repository.remove_version(root, name, number)
                if not was_running and previous is None:
                    daemon.stop(root)
                raise
    except OSError as error:
        raise SwitchyardError(f"{name} cannot be deployed to {root}: {error.strerror or error}") from error
    return Deployed(server.url, name, number, previous if previous != number else None, server.pid, server.notice)


def _step_aside(root: Path, url: str, model: OnnxModel, version: int | None, token: str | None) -> int | None:
    """The version that is active; under another number if the new model needs its own."""
    name = str(model.metadata["name"])
    previous = repository.active(root, name)
    if previous is None or previous != version or repository.holds(root, name, version, model):
        return previous
    if version not in repository.versions(root, name):
        return None
    previous = repository.renumber(root, name, version)
    client.load(url, name, previous, default=True, token=token)
    return previous


def _known_versions(root: Path, model: OnnxModel, version: int | None) -> list[int]:
    """The versions that stay, whatever becomes of the new one: all but another model under its number."""
    name = str(model.metadata["name"])
    return [
        number
        for number in repository.versions(root, name)
        if number != version or repository.holds(root, name, number, model)
    ]


def _switch(url: str, name: str, version: int, golden: GoldenRows, token: str | None) -> None:
    client.load(url, name, version, default=False, token=token)
    smoke_test(url, name, version, golden, token)
    client.load(url, name, version, default=True, token=token)


def _undo(root: Path, url: str, name: str, version: int, previous: int | None, token: str | None) -> None:
    """Take a version back that did not get through; what was active before is active afterwards."""
    if previous == version:
        return
    try:
        if repository.active(root, name) != version:
            client.unload(url, name, version, token)
        elif previous is None:
            client.unload(url, name, token=token)
        else:
            client.load(url, name, previous, default=True, token=token)
            client.unload(url, name, version, token)
    except SwitchyardError:  # never loaded, or the server is gone: then the record is all that there is
        repository.set_active(root, name, previous)


def retire(root: Path, name: str, token: str | None = None) -> None:
    """Stop answering for a model; the server ends with its last model. The versions stay in the repository.

    Raises:
        SwitchyardError: If the server refuses.
    """
    root = root.resolve()
    server = daemon.status(root)
    if server is not None and any(row["name"] == name for row in _ready(server.url, token)):
        client.unload(server.url, name, token=token)
    elif repository.versions(root, name):
        repository.set_active(root, name, None)
    if server is not None and not _ready(server.url, token):
        daemon.stop(root)


def _ready(url: str, token: str | None) -> list[dict[str, Any]]:
    return [row for row in client.index(url, token) if row["state"] == "READY"]
