"""How artifacts are stored: tables as Parquet, models as ONNX, reports as JSON and HTML. No pickle.

A step writes its tables into a folder of its own; the materializer moves the files into the artifact
store file by file and never holds a table in memory. Readers scan them where they lie, local or on S3.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from steps.storage.s3_access import access_of, is_s3
from switchyard.data.dataset import Dataset
from switchyard.data.disk_full import disk_full_named
from switchyard.errors import SwitchyardError
from switchyard.model.companions import read_companions
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report

_PARTS = "parts.json"
# An upload to S3 goes in pieces, some at a time, which are all of a table that is in memory.
_PIECE, _PIECES_AT_A_TIME, _MOST_PIECES = 5 << 20, 4, 10_000


class _Materializer(BaseMaterializer):
    """What the three share: reading and writing small files of an artifact."""

    SKIP_REGISTRATION: ClassVar[bool] = True

    def _write(self, name: str, content: bytes) -> None:
        with disk_full_named(self.uri), self.artifact_store.open(f"{self.uri}/{name}", "wb") as file:
            file.write(content)

    def _read(self, name: str) -> bytes:
        with self.artifact_store.open(f"{self.uri}/{name}", "rb") as file:
            return bytes(file.read())

    def _write_json(self, name: str, value: object) -> None:
        self._write(name, json.dumps(value, indent=2, sort_keys=True).encode())


class DatasetMaterializer(_Materializer):
    """A `Dataset`: its Parquet files, and in `parts.json`, which is written last, the name and size of each."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Dataset,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA

    _saved_hash: str | None = None

    def save(self, data: Dataset) -> None:
        """Moves the files into the artifact store."""
        sizes = {part: Path(data.path(part)).stat().st_size for part in data.parts}
        digest = hashlib.sha256()
        for part in data.parts:
            digest.update(part.encode())
            self._move(data.path(part), self._path(part), digest)
        self._write_json(_PARTS, [[part, size] for part, size in sizes.items()])
        self._saved_hash = digest.hexdigest()

    def load(self, data_type: type[Any]) -> Dataset:
        """A dataset that scans the files where they lie.

        Raises:
            SwitchyardError: A file is gone, or not as long as it was.
        """
        self._check_there(_PARTS)
        sizes: dict[str, int] = dict(json.loads(self._read(_PARTS)))
        for part, size in sizes.items():
            self._check_there(f"{part}.parquet")
            if (found := self.artifact_store.size(self._path(part))) != size:
                raise _damaged(f"{self._path(part)} holds {found:,} of {size:,} bytes")
        store = self.artifact_store
        return Dataset(self.uri, tuple(sizes), storage_options=_storage_options(store), opener=store.open)

    def compute_content_hash(self, data: Dataset) -> str | None:
        """The same rows give the same hash, so that what follows can come from the cache.

        ZenML asks for it after it has had the data saved; what was hashed on its way need not be fetched again.
        """
        if self._saved_hash:
            return self._saved_hash
        digest = hashlib.sha256()
        for part in data.parts:
            digest.update(part.encode())
            with self.artifact_store.open(self._path(part), "rb") as file:
                _hash(file, digest)
        return digest.hexdigest()

    def _path(self, part: str) -> str:
        return f"{self.uri}/{part}.parquet"

    def _check_there(self, name: str) -> None:
        if not self.artifact_store.exists(f"{self.uri}/{name}"):
            raise _damaged(f"{self.uri}/{name} is not there")

    def _move(self, source: str, target: str, digest: hashlib._Hash) -> None:
        with disk_full_named(self.uri), Path(source).open("rb") as content:
            if self.artifact_store.config.is_local:
                _hash(content, digest)
                shutil.move(source, target)
                return
            with ThreadPoolExecutor(1) as beside:
                hashed = beside.submit(_hash, content, digest)
                _upload(self.artifact_store, source, target)
            hashed.result()
            os.unlink(source)  # noqa: PTH108 - source is a string of the dataset


def _upload(artifact_store: Any, source: str, target: str) -> None:  # noqa: ANN401 - a flavor that may not be installed
    if is_s3(artifact_store):
        piece = max(_PIECE, -(-Path(source).stat().st_size // _MOST_PIECES))
        artifact_store.filesystem.put_file(source, target, chunksize=piece, max_concurrency=_PIECES_AT_A_TIME)
        return
    with Path(source).open("rb") as reader, artifact_store.open(target, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 22)


def _hash(content: IO[bytes], digest: hashlib._Hash) -> None:
    while block := content.read(1 << 20):
        digest.update(block)


def _damaged(what: str) -> SwitchyardError:
    return SwitchyardError(f"{what}: the artifact store has lost data of an earlier step; run again with --no-cache")


class OnnxModelMaterializer(_Materializer):
    """An `OnnxModel`: `model.onnx`, what lies beside it, and its metadata as `metadata.json`."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (OnnxModel,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL

    def save(self, data: OnnxModel) -> None:
        """Writes the ONNX file, what lies beside it, and the metadata."""
        self._write("model.onnx", data.content)
        for name, content in data.companions.items():
            self._write(name, content)
        self._write_json("metadata.json", data.metadata)

    def load(self, data_type: type[Any]) -> OnnxModel:
        """Reads all of it back.

        Raises:
            SwitchyardError: A file beside the graph is gone, or another model's.
        """
        metadata = json.loads(self._read("metadata.json"))
        return OnnxModel(self._read("model.onnx"), metadata, read_companions(metadata, self._read, self.uri))

    def extract_metadata(self, data: OnnxModel) -> dict[str, Any]:
        """What the dashboard shows beside the artifact."""
        metadata = data.metadata
        return {"candidate": metadata["candidate"], "sha256": metadata["sha256"], "cv": json.dumps(metadata.get("cv"))}


class ReportMaterializer(_Materializer):
    """A `Report`: `report.json`, and `report.html`, which the dashboard shows."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Report,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def save(self, data: Report) -> None:
        """Writes the facts and the page."""
        self._write("report.json", data.facts_json().encode())
        self._write("report.html", data.html.encode())

    def load(self, data_type: type[Any]) -> Report:
        """Reads both back."""
        return Report(facts=json.loads(self._read("report.json")), html=self._read("report.html").decode())

    def save_visualizations(self, data: Report) -> dict[str, VisualizationType]:
        """The page itself is the visualization."""
        return {f"{self.uri}/report.html": VisualizationType.HTML}


def _storage_options(artifact_store: Any) -> dict[str, str]:  # noqa: ANN401 - a flavor that may not be installed
    """What Polars needs to scan the files of this store: nothing if local, keys and endpoint if S3."""
    access = access_of(artifact_store)
    return access.storage_options(artifact_store.config.bucket) if access else {}
