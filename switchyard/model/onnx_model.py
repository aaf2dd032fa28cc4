"""An ONNX file that knows its raw columns: what is evaluated, gated, deployed and served.

The graph of a table has one named input of shape (N, 1) per raw feature column: `tensor(float)` for numbers
and booleans (missing is NaN), `tensor(string)` for text (missing is ""). That of images has one, `image`:
`tensor(uint8)` of shape (N, H, W, C). The outputs are

- classification: `label` (N,) and `probabilities` (N, classes) float32, classes in the metadata's order;
- regression: `prediction` (N, 1) float32.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from switchyard.errors import InputError
from switchyard.model.companions import read_companions

if TYPE_CHECKING:
    import onnxruntime
    import polars as pl

    from switchyard.model.faiss_gallery import FaissGallery


METADATA_KEY = "switchyard.card"
"""Where an ONNX file keeps its metadata: the key in `metadata_props`."""


@dataclass(frozen=True)
class OnnxModel:
    """The bytes of an ONNX file and its metadata.

    Attributes:
        content: The serialized ModelProto.
        metadata: What is known of the model, JSON-able: at least `name`, `task`, `inputs` (a list of
            `{"name", "datatype"}` with OIP datatypes FP32 or BYTES, or UINT8 and a shape) and, for classification,
            `classes` (a list, in the order of the probability columns) and `positive`.
        companions: Files beside the graph, by name: the index of a gallery that is too large for it. The metadata has
            their digests, see `companions.py`.
    """

    content: bytes = field(repr=False)
    metadata: dict[str, Any]
    companions: dict[str, bytes] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read an ONNX file that one of our runs wrote, with the metadata that it carries and the files beside it.

        Raises:
            InputError: There is no such file, it is no ONNX, or it carries no metadata.
            SwitchyardError: A file that belongs beside it is not there, or is another model's.
        """
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

        if not Path(path).is_file():
            raise InputError(f"{path} is not a file: name a model.onnx")
        content = Path(path).read_bytes()
        try:
            properties = {each.key: each.value for each in onnx.load_model_from_string(content).metadata_props}
        except DecodeError as error:
            raise InputError(f"{path} is not an ONNX file: name a model.onnx that a run wrote") from error
        if METADATA_KEY not in properties:
            raise InputError(f"{path} has no {METADATA_KEY} in its metadata: name a model.onnx that a run wrote")
        metadata, folder = json.loads(properties[METADATA_KEY]), Path(path).parent
        return cls(content, metadata, read_companions(metadata, lambda name: (folder / name).read_bytes(), str(folder)))

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """Read `model.onnx`, the whole `metadata.json` that was written with it, and the files that it names.

        Raises:
            SwitchyardError: A file that belongs beside the graph is not there, or is another model's.
        """
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        companions = read_companions(metadata, lambda name: (folder / name).read_bytes(), str(folder))
        return cls((folder / "model.onnx").read_bytes(), metadata, companions)

    def write(self, folder: Path) -> None:
        """Write what `of_folder` reads.

        Args:
            folder: Made if it is not there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {**self.companions, "model.onnx": self.content}.items():
            (folder / name).write_bytes(content)
        (folder / "metadata.json").write_text(self.metadata_json(), encoding="utf-8")

    @property
    def size(self) -> int:
        """Bytes of the ONNX file and of what lies beside it."""
        return len(self.content) + sum(map(len, self.companions.values()))

    @cached_property
    def session(self) -> onnxruntime.InferenceSession:
        """An onnxruntime session on one thread, so that timings and results repeat."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self.content, options, providers=["CPUExecutionProvider"])

    def inputs(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        """The feed for the graph: one array of shape (rows, 1) per raw column, or the pixels of a column of images.

        Raises:
            UnreadableImageError: The bytes of an image cannot be decoded.
        """
        import polars as pl

        feed = {}
        for spec in self.metadata["inputs"]:
            column = frame[spec["name"]]
            if spec["datatype"] == "UINT8":
                feed[spec["name"]] = _pixels(column, spec["shape"])
                continue
            if spec["datatype"] == "BYTES":
                values = column.cast(pl.String).fill_null("").to_numpy().astype(object)
            else:
                values = column.cast(pl.Float32).fill_null(float("nan")).to_numpy()
            feed[spec["name"]] = values.reshape(-1, 1)
        return feed

    def run(self, frame: pl.DataFrame) -> dict[str, np.ndarray]:
        """All outputs of the graph by name, for a frame of raw columns; with an index beside it, what that finds."""
        return self.answer(self.inputs(frame))

    def answer(self, feed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """As `run`, for a feed."""
        names = [output.name for output in self.session.get_outputs()]
        found = dict(zip(names, self.session.run(names, feed), strict=True))
        if self.index is None:
            return found
        about = {key: self.metadata["gallery"][key] for key in ("neighbours", "vote", "threshold")}
        return self.index.answer(found["embedding"], **about)

    @cached_property
    def index(self) -> FaissGallery | None:
        """What is searched beside the graph; None if the graph has everything."""
        if not self.companions:
            return None
        from switchyard.model.faiss_gallery import FaissGallery

        return FaissGallery.of_files(self.companions)

    def metadata_json(self) -> str:
        """The metadata as sorted JSON."""
        return json.dumps(self.metadata, indent=2, sort_keys=True, allow_nan=False)


def _pixels(images: pl.Series, shape: list[int]) -> np.ndarray:
    """Encoded images as uint8 of the shape (rows, H, W, C) that the network sees."""
    from switchyard.model.decoding import decode

    _, height, width, channels = shape
    pixels = np.empty((len(images), height, width, channels), np.uint8)
    for row, encoded in enumerate(images):
        pixels[row] = decode(encoded, 1 if channels == 1 else 3, (height, width))
    return pixels
