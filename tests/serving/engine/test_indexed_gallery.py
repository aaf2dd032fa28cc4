"""A gallery too large for its graph lies in an index beside it, and the endpoint answers as if it did not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest

from switchyard.config.server_options import ServerOptions
from switchyard.errors import SwitchyardError
from switchyard.model.faiss_gallery import FaissGallery
from switchyard.model.gallery import described
from switchyard.model.gallery_of import gallery_of
from switchyard.model.onnx_model import METADATA_KEY, OnnxModel
from switchyard.serving.engine.loaded_model import load_model, stamp
from switchyard.serving.local import daemon
from switchyard.serving.local.deploy import deploy
from switchyard.serving.protocol.request_error import RequestError
from switchyard.serving.rollout.golden import golden_rows
from tests.serving.image_models import encoded, frame, photo, searcher

PNG = {"Content-Type": "image/png"}


def indexed(rows: slice = slice(None)) -> OnnxModel:
    """The encoder of `searcher`, with its gallery, or some rows of it, in an index."""
    bare, whole = searcher(with_gallery=False), gallery_of(searcher())
    files = FaissGallery.build(replace(whole, embeddings=whole.embeddings[rows], labels=whole.labels[rows])).files()
    metadata = bare.metadata | {"gallery": bare.metadata["gallery"] | described(len(whole.labels[rows]), files)}
    proto = onnx.load_model_from_string(bare.content)
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(metadata)})
    return OnnxModel(proto.SerializeToString(deterministic=True), metadata, files)


def test_it_answers_as_a_graph_with_its_gallery(root, kit):
    model, rows = indexed(), frame(6, mode="L")
    deployed = deploy(ServerOptions(root=root, port=kit.free_port()), model, golden_rows(model, rows))
    endpoint = kit.endpoint(deployed.url, root)
    expected = searcher().run(rows)
    metadata = endpoint.json("GET", "/v2/models/faces")[1]
    assert [output["name"] for output in metadata["outputs"]] == list(expected)
    assert metadata["outputs"][1] == {"name": "neighbours", "datatype": "INT64", "shape": [-1, 3]}
    for number in range(6):
        answer = endpoint.json("POST", "/v2/models/faces/predict-image", rows["image"][number], PNG)[1]
        assert answer["label"] == expected["label"][number]
        assert [near["row"] for near in answer["neighbours"]] == expected["neighbours"][number].tolist()
        found = [near["similarity"] for near in answer["neighbours"]]
        assert found == pytest.approx(expected["similarity"][number].tolist(), abs=1e-6)
    tensor = {"name": "image", "datatype": "UINT8", "shape": [1, 16, 12, 1]}
    tensor["data"] = np.asarray(photo(2, mode="L")).ravel().tolist()
    answer = endpoint.json("POST", "/v2/models/faces/infer", {"inputs": [tensor]})[1]
    assert {output["name"]: output["shape"] for output in answer["outputs"]}["embedding"] == [1, 8]


def test_another_gallery_with_the_same_encoder_is_another_version(root, kit):
    port = kit.free_port()
    versions = []
    for model in (indexed(), indexed(slice(0, 10)), indexed()):
        versions.append(
            deploy(ServerOptions(root=root, port=port), model, golden_rows(model, frame(3, mode="L"))).version
        )
    assert versions == [1, 2, 1]


def test_the_index_of_another_version_is_refused_and_the_old_version_stays(root, kit):
    model, other = indexed(slice(0, 10)), indexed(slice(10, 20))
    golden = golden_rows(model, frame(3, mode="L"))
    first = deploy(ServerOptions(root=root, port=kit.free_port()), model, golden)
    mixed = replace(other, companions={**other.companions, "gallery.faiss": model.companions["gallery.faiss"]})
    with pytest.raises(SwitchyardError, match=r"2/gallery\.faiss is not the file that its model\.onnx was made with"):
        deploy(ServerOptions(root=root), mixed, golden_rows(other, frame(3, mode="L")))
    endpoint = kit.endpoint(first.url, root)
    answer = endpoint.json("POST", "/v2/models/faces/predict-image", encoded(photo(mode="L")), PNG)[1]
    assert answer["model_version"] == "1"
    assert daemon.status(root) is not None


def served(folder, model):
    """The version as the server loads it from this folder."""
    for name, content in {"model.onnx": model.content, **model.companions}.items():
        (folder / name).write_bytes(content)
    (folder / "metadata.json").write_text(model.metadata_json())
    return load_model(folder, "faces", "1")


def test_what_its_graph_does_not_name_is_refused(tmp_path):
    bare = searcher(with_gallery=False)
    with pytest.raises(RequestError, match=r"has gallery\.faiss beside it, which its graph does not name: index again"):
        served(tmp_path, replace(bare, companions=indexed().companions))


def test_a_file_that_is_gone_is_missed(tmp_path):
    model = indexed()
    with pytest.raises(RequestError, match=r"gallery\.npz is not there, and its model\.onnx cannot answer without it"):
        served(tmp_path, replace(model, companions={"gallery.faiss": model.companions["gallery.faiss"]}))


def test_a_card_beside_the_graph_does_not_speak_for_it(tmp_path):
    """What counts is the metadata in the graph: the other one may have come with other files."""
    model, other = indexed(slice(0, 10)), indexed(slice(10, 20))
    with pytest.raises(RequestError, match="is not the file that its model"):
        served(tmp_path, replace(model, metadata=other.metadata, companions=other.companions))


@pytest.mark.parametrize("name", ["gallery.faiss", "gallery.npz"])
def test_a_replaced_file_changes_the_stamp(tmp_path, name):
    before = served(tmp_path, indexed()).stamp
    (tmp_path / name).write_bytes(b"another")
    assert stamp(tmp_path / "model.onnx") != before
