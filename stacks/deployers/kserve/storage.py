"""Model repositories in S3: a prefix for each version, in the layout that Triton reads.

    ROOT/NAME/VERSION-HASH/NAME/config.pbtxt
    ROOT/NAME/VERSION-HASH/NAME/VERSION/model.onnx, metadata.json, golden.json

Beside the graph lies the index of a gallery that is too large for it; beside the folder NAME, for the runtime
`switchyard`, the server: ROOT/NAME/VERSION-HASH/server.pyz.

A prefix is written once and never changed, so a `storageUri` says which bytes are served, and going back is naming the
old one.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from stacks.deployers.kserve import server_archive
from stacks.deployers.kserve.triton_config import triton_config
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


@dataclass(frozen=True)
class ModelStorage:
    """Where the model repositories of a stack are kept.

    Attributes:
        filesystem: An fsspec filesystem of the bucket, with the credentials of the stack's artifact store.
        root: The URI under which each use case has a folder.
    """

    filesystem: Any
    root: str

    def write(
        self, name: str, version: int, model: OnnxModel, golden: GoldenRows, server: bytes = b""
    ) -> tuple[str, bool]:
        """Puts a version there, whole or not at all.

        Args:
            name: The use case.
            version: The number that the registry has given it.
            model: The model.
            golden: Its golden rows.
            server: The archive that serves it; empty if the runtime has a server of its own.

        Returns:
            Its `storageUri`, and whether it is new.

        Raises:
            SwitchyardError: The bucket does not take it; nothing of it stays.
        """
        uri = f"{self.root.rstrip('/')}/{name}/{version}-{_digest(model, server)[:12]}"
        files = {f"{uri}/{path}": content for path, content in _files(name, version, model, golden, server).items()}
        with _explained(f"the model repository {uri} cannot be written"):
            if self._holds(uri, files):
                return uri, False
            try:
                for path, content in files.items():
                    self.filesystem.pipe_file(path, content)
            except BaseException:
                self.remove(uri)
                raise
        return uri, True

    def remove(self, uri: str) -> None:
        """Takes a version, or all of a use case, away; what cannot be removed stays, for nothing reads it."""
        with contextlib.suppress(Exception):
            self.filesystem.invalidate_cache()
            self.filesystem.rm(uri, recursive=True)

    def prune(self, name: str, keep: Collection[str], older: float = 0.0) -> None:
        """Removes the versions of a use case that nobody serves, half-written ones included.

        Args:
            name: The use case.
            keep: The URIs that stay.
            older: Seconds; what was written since may be another run's, which is about to serve it.
        """
        kept = {uri.removeprefix("s3://") for uri in keep}
        before = datetime.now(UTC) - timedelta(seconds=older)
        with contextlib.suppress(Exception):
            self.filesystem.invalidate_cache()
            for path in self.filesystem.ls(f"{self.root.rstrip('/')}/{name}", detail=False):
                if path.rstrip("/") not in kept and self._written(path) <= before:
                    self.remove(f"s3://{path}")

    def _written(self, path: str) -> datetime:
        """When the newest file below was."""
        times = [entry["LastModified"] for entry in self.filesystem.find(path, detail=True).values()]
        return max(times, default=datetime.min.replace(tzinfo=UTC))

    def _holds(self, uri: str, files: dict[str, bytes]) -> bool:
        """Whether all is there; the URI has the hash of model and server in it, so the sizes tell."""
        self.filesystem.invalidate_cache()
        found = self.filesystem.find(uri, detail=True)
        return {path.removeprefix("s3://"): len(content) for path, content in files.items()} == {
            path: entry["size"] for path, entry in found.items()
        }


def _digest(model: OnnxModel, server: bytes) -> str:
    """The hash of all that decides the answers; the graph has in it the digests of what lies beside it."""
    digest = hashlib.sha256(model.content)
    digest.update(hashlib.sha256(server).digest() if server else b"")
    return digest.hexdigest()


def _files(name: str, version: int, model: OnnxModel, golden: GoldenRows, server: bytes) -> dict[str, bytes]:
    return {
        **({server_archive.NAME: server} if server else {}),
        **{f"{name}/{version}/{file}": content for file, content in model.companions.items()},
        f"{name}/config.pbtxt": triton_config(name, model).encode(),
        f"{name}/{version}/metadata.json": model.metadata_json().encode(),
        f"{name}/{version}/golden.json": golden.to_json(),
        f"{name}/{version}/model.onnx": model.content,
    }


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (OSError, BotoCoreError, ClientError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SwitchyardError(f"{what}: {reason}; check the bucket and the keys of the artifact store") from error
