"""A gallery too large for its graph lies in an index beside it, and the endpoint answers as if it did not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from switchyard.errors import SwitchyardError
from switchyard.images.faiss_gallery import FaissGallery
from switchyard.images.gallery import gallery_of
from switchyard.serving import daemon
from switchyard.serving.deploy import deploy
from switchyard.serving.golden import golden_rows
from tests.serving.image_models import encoded, frame, photo, searcher

PNG = {"Content-Type": "image/png"}


def indexed(rows: slice = slice(None)):
    """The encoder of `searcher`, with its gallery, or some rows of it, in an index."""
    whole = gallery_of(searcher())
    part = replace(whole, embeddings=whole.embeddings[rows], labels=whole.labels[rows])
    return replace(searcher(with_gallery=False), companions=FaissGallery.build(part).files())


def test_it_answers_as_a_graph_with_its_gallery(root, kit):
    model, rows = indexed(), frame(6, mode="L")
    deployed = deploy(root, model, golden_rows(model, rows), port=kit.free_port())
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
        versions.append(deploy(root, model, golden_rows(model, frame(3, mode="L")), port=port).version)
    assert versions == [1, 2, 1]


def test_a_damaged_index_is_refused_and_the_old_version_stays(root, kit):
    model = indexed()
    golden = golden_rows(model, frame(3, mode="L"))
    first = deploy(root, model, golden, port=kit.free_port())
    broken = replace(model, companions={**model.companions, "gallery.faiss": b"no index"})
    with pytest.raises(SwitchyardError, match="no gallery that can be read"):
        deploy(root, broken, golden)
    endpoint = kit.endpoint(first.url, root)
    answer = endpoint.json("POST", "/v2/models/faces/predict-image", encoded(photo(mode="L")), PNG)[1]
    assert answer["model_version"] == "1"
    assert daemon.status(root) is not None
