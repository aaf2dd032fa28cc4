"""From a trained encoder and tables of images to a gallery: `index` knows new classes without training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from switchyard.errors import InputError
from switchyard.model import gallery
from switchyard.model.faiss_gallery import FaissGallery
from switchyard.model.onnx_model import METADATA_KEY, OnnxModel
from switchyard.training.images.embedding import check_size, embed
from switchyard.training.images.onnx.search import replace_constants
from switchyard.training.images.settings import LARGEST_EXACT


def index(model: OnnxModel, tables: Sequence[str | Path]) -> OnnxModel:
    """The same network with another gallery: in its graph, or in an index beside it if there are too many images.

    An index stays one, however few images there are: what would search among them is not in the graph any more.

    Args:
        model: Of type arcface, as a run trained it or as `index` gave it.
        tables: The images of the new gallery.

    Raises:
        InputError: The model has no embedding, a table cannot be read, or there are too few images.
    """
    outputs = [output.name for output in model.session.get_outputs()]
    if "embedding" not in outputs:
        raise InputError(f"the model {model.metadata['name']} has no embedding: name one of type arcface")
    found = embed(model, tables)
    check_size(found, model.metadata["gallery"]["neighbours"])
    is_exact = "similarity" in outputs and len(found) <= model.metadata["gallery"].get("largest_exact", LARGEST_EXACT)
    companions = {} if is_exact else FaissGallery.build(found).files()
    about = {
        "classes": list(found.classes),
        "gallery": model.metadata["gallery"] | gallery.described(len(found), companions),
    }
    return _rewritten(model, about, found if is_exact else None, companions)


def _rewritten(
    model: OnnxModel, about: dict[str, Any], found: gallery.Gallery | None, companions: dict[str, bytes]
) -> OnnxModel:
    """The graph with other constants, or (without a gallery) what of it makes the embedding; and its metadata."""
    import onnx

    proto = onnx.load_model_from_string(model.content)
    if found is None:
        _keep_encoder(proto.graph)
    else:
        replace_constants(proto.graph, found)
    for each in proto.metadata_props:
        if each.key == METADATA_KEY:
            each.value = json.dumps(json.loads(each.value) | about, sort_keys=True, allow_nan=False)
    onnx.checker.check_model(proto, full_check=True)
    content = proto.SerializeToString(deterministic=True)
    indexed = OnnxModel(content, model.metadata | about | {"sha256": hashlib.sha256(content).hexdigest()}, companions)
    indexed.metadata["size"] = indexed.size
    return indexed


def _keep_encoder(graph: Any) -> None:  # noqa: ANN401  onnx's GraphProto
    needed, nodes = {"embedding"}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    kept = [list(reversed(nodes))]
    kept += [[each for each in part if each.name in needed] for part in (graph.initializer, graph.output)]
    for field, values in zip(("node", "initializer", "output"), kept, strict=True):
        graph.ClearField(field)
        getattr(graph, field).extend(values)
