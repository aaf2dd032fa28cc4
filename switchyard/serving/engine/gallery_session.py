"""An encoder and the index beside it as one graph: for galleries that are too large to lie in the graph itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.model.companions import check_companions
from switchyard.serving.protocol.datatypes import BY_NAME
from switchyard.serving.protocol.request_error import RequestError
from switchyard.serving.protocol.tensor_shapes import TensorSpec

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime

    from switchyard.model.faiss_gallery import FaissGallery


class GallerySession:
    """Runs the encoder and searches the index.

    Args:
        session: Of the encoder, whose output is `embedding`.
        gallery: What is searched.
        about: `neighbours`, `vote` and `threshold`, as `FaissGallery.answer` takes them.
    """

    def __init__(self, session: onnxruntime.InferenceSession, gallery: FaissGallery, about: dict[str, Any]) -> None:
        """Keep all three."""
        self._session, self._gallery, self._about = session, gallery, about

    def run(self, outputs: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        """The named outputs, as of a graph that has its gallery."""
        (embedding,) = self._session.run(["embedding"], feed)
        found = self._gallery.answer(embedding, **self._about)
        return [np.ascontiguousarray(found[name]) for name in outputs]

    def outputs(self, embedding: TensorSpec) -> dict[str, TensorSpec]:
        """What it gives, in the order in which a graph with a gallery names it."""
        rows, k = embedding.shape[0], self._about["neighbours"]
        shapes = {
            "label": ("BYTES", (rows,)),
            "neighbours": ("INT64", (rows, k)),
            "neighbour_labels": ("BYTES", (rows, k)),
            "similarity": ("FP32", (rows, k)),
        }
        specs = {name: TensorSpec(name, BY_NAME[datatype], shape) for name, (datatype, shape) in shapes.items()}
        return {**specs, "embedding": embedding}


def open_gallery(session: onnxruntime.InferenceSession, folder: Path, metadata: dict[str, Any]) -> GallerySession:
    """The session of a version that has an index beside it.

    Args:
        session: Of the encoder.
        folder: With the index in it.
        metadata: What the graph carries: how the index is to be asked, and the digests of its files.

    Raises:
        RequestError: The index cannot be read or is another version's, or the metadata does not say how to ask it.
    """
    from switchyard.model.faiss_gallery import FaissGallery

    try:
        about = {key: metadata["gallery"][key] for key in ("neighbours", "vote", "threshold")}
        check_companions(metadata, folder)
        return GallerySession(session, FaissGallery.load(folder), about)
    except SwitchyardError as error:
        raise RequestError(str(error)) from error
    except (KeyError, TypeError) as error:
        raise RequestError(f"{folder}/model.onnx does not say how its gallery is to be searched") from error
