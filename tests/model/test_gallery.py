"""The search in the graph against plain numpy, refusals, and a new gallery without training."""

import numpy as np
import pytest

from switchyard.data.images.image_table import ImageTable
from switchyard.errors import InputError, SwitchyardError
from switchyard.model.companions import digests
from switchyard.model.faiss_gallery import FaissGallery, recall
from switchyard.model.gallery import Gallery
from switchyard.model.gallery_of import gallery_of
from switchyard.model.graph import Graph, serialize
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.images.embedding import embed
from switchyard.training.images.indexing import index
from switchyard.training.images.onnx.search import write_search
from tests.fixtures import shapes


def searcher(gallery: Gallery, neighbours: int = 4, vote: int = 1, threshold: float = -1.0) -> OnnxModel:
    """A graph that takes embeddings: the search alone."""
    from onnx import TensorProto, helper

    graph = Graph()
    width = gallery.embeddings.shape[1]
    graph.inputs.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", width]))
    write_search(graph, "embedding", gallery, neighbours=neighbours, vote=vote, threshold=threshold)
    return OnnxModel(serialize(graph, {}), {})


def search(model: OnnxModel, embeddings: np.ndarray) -> dict[str, np.ndarray]:
    names = ["label", "neighbours", "neighbour_labels", "similarity"]
    return dict(zip(names, model.session.run(names, {"embedding": embeddings}), strict=True))


def normal(rng: np.random.Generator, rows: int, width: int = 8) -> np.ndarray:
    values = rng.normal(size=(rows, width)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def plain_vote(labels, cosines):
    """Most votes; of as many, the higher sum of cosines."""
    return max(sorted(set(labels)), key=lambda label: (list(labels).count(label), cosines[labels == label].sum()))


@pytest.mark.parametrize("vote", [1, 2, 3, 4])
def test_exact_search_is_that_of_plain_numpy(vote):
    rng = np.random.default_rng(vote)
    gallery = Gallery(normal(rng, 300), np.array([f"class {n}" for n in rng.integers(0, 5, 300)], dtype=object))
    queries = normal(rng, 200)
    found = search(searcher(gallery, vote=vote, threshold=0.85), queries)
    cosines = queries @ gallery.embeddings.T
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(found["neighbours"], order)
    nearest = np.take_along_axis(cosines, order, axis=1)
    np.testing.assert_allclose(found["similarity"], nearest, atol=1e-6)
    np.testing.assert_array_equal(found["neighbour_labels"], gallery.labels[order])
    voted = [plain_vote(gallery.labels[o][:vote], n[:vote]) for o, n in zip(order, nearest, strict=True)]
    expected = np.where(nearest[:, 0] >= 0.85, np.array(voted, dtype=object), "unknown")
    np.testing.assert_array_equal(found["label"], expected)
    assert 20 < (expected == "unknown").sum() < 180


def test_of_equal_images_the_first_is_named():
    rng = np.random.default_rng(0)
    one = normal(rng, 1)
    gallery = Gallery(np.concatenate([one, one, one]), np.array(["b", "a", "c"], dtype=object))
    found = search(searcher(gallery, neighbours=3), one)
    assert found["neighbours"].tolist() == [[0, 1, 2]]
    assert found["label"].tolist() == ["b"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return shapes.sets(tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="module")
def trained(folder):
    return shapes.fit(folder, "arcface", embedding_size=8, neighbours=3, threshold=0.8)


def labels_of(model: OnnxModel, path) -> tuple[np.ndarray, np.ndarray]:
    """What the model says, and what is true."""
    table = ImageTable.open(path)
    rows, pixels = next(table.batches(1000, 1, shapes.SIZE))
    return model.session.run(["label"], {"image": pixels})[0], table.labels[rows]


def test_an_embedding_is_learned_and_images_are_known_by_their_neighbours(folder, trained):
    said, true = labels_of(trained.model, folder / "test.parquet")
    assert (said == true).mean() > 0.9
    metadata = trained.model.metadata
    assert metadata["task"] == "image_retrieval"
    about = {"neighbours": 3, "vote": 1, "threshold": 0.8, "largest_exact": 100_000}
    assert metadata["gallery"] == about | {"images": 150, "search": "exact"}
    assert metadata["parity"]["max_difference"] < 1e-5
    assert shapes.fit(folder, "arcface", embedding_size=8, neighbours=3, threshold=0.8).model.content == (
        trained.model.content
    )


def test_a_new_class_is_known_after_indexing_without_training(folder, trained, tmp_path):
    new = shapes.write(tmp_path / "new.parquet", 20, 7, kinds=("ring",))
    test = shapes.write(tmp_path / "test.parquet", 40, 8, kinds=("ring", "flat"))
    said, true = labels_of(trained.model, test)
    assert not (said[true == "ring"] == "ring").any()
    larger = index(trained.model, [folder / "training.parquet", new])
    said, true = labels_of(larger, test)
    assert (said == true).mean() > 0.9
    assert larger.metadata["classes"] == ["disc", "flat", "ring", "tall"]
    assert larger.metadata["gallery"]["images"] == 170
    assert larger.metadata["sha256"] != trained.model.metadata["sha256"]
    (tmp_path / "model.onnx").write_bytes(larger.content)
    assert OnnxModel.load(tmp_path / "model.onnx").metadata["classes"] == larger.metadata["classes"]
    again = index(larger, [folder / "training.parquet"])
    assert again.content == trained.model.content


def test_galleries_that_cannot_be_are_refused(folder, trained, tmp_path):
    with pytest.raises(InputError, match="the gallery has 2 images, and neighbours is 3"):
        index(trained.model, [shapes.write(tmp_path / "two.parquet", 2, 0)])
    shapes.write(tmp_path / "unknown.parquet", 9, 0)
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "unknown.parquet")
    column = table.schema.get_field_index("label")
    pq.write_table(table.set_column(column, "label", [["unknown"] * 9]), tmp_path / "unknown.parquet")
    with pytest.raises(InputError, match=r"unknown\.parquet has images labelled 'unknown', .* rename the class"):
        embed(trained.model, [tmp_path / "unknown.parquet"])
    classifier = shapes.fit(folder, epochs=1).model
    with pytest.raises(InputError, match="the model it has no embedding"):
        index(classifier, [folder / "test.parquet"])


def test_more_votes_than_neighbours_are_refused(folder):
    with pytest.raises(InputError, match=r"candidates\.it\.params: vote is 9, more than neighbours \(3\)"):
        shapes.fit(folder, "arcface", neighbours=3, vote=9)


def test_the_gallery_of_a_graph_can_be_read_back(folder, trained):
    found, made = gallery_of(trained.model), embed(trained.model, [folder / "training.parquet"])
    np.testing.assert_array_equal(found.embeddings, made.embeddings)
    np.testing.assert_array_equal(found.labels, made.labels)


@pytest.fixture(scope="module")
def beside(folder):
    """The same training with an index beside the graph."""
    return shapes.fit(folder, "arcface", embedding_size=8, neighbours=3, threshold=0.8, largest_exact=149).model


def test_a_gallery_that_is_too_large_for_the_graph_is_searched_beside_it(folder, trained, beside):
    """With 150 images the index of FAISS finds every true neighbour, so it must answer as the graph does."""
    table = ImageTable.open(folder / "test.parquet")
    _, pixels = next(table.batches(1000, 1, shapes.SIZE))
    assert [output.name for output in beside.session.get_outputs()] == ["embedding"]
    assert (beside.metadata["gallery"]["search"], beside.metadata["gallery"]["images"]) == ("hnsw", 150)
    assert beside.metadata["gallery"]["files"] == digests(beside.companions)
    assert beside.metadata["size"] == beside.size > len(beside.content) + 150 * 8 * 4
    got, expected = beside.answer({"image": pixels}), trained.model.answer({"image": pixels})
    assert set(got) == set(expected)
    for name in ("label", "neighbours", "neighbour_labels"):
        np.testing.assert_array_equal(got[name], expected[name])
    for name in ("similarity", "embedding"):
        np.testing.assert_allclose(got[name], expected[name], atol=1e-5)


def test_an_index_is_made_again_byte_for_byte(folder, trained, beside):
    again = index(beside, [folder / "training.parquet"])
    assert (again.content, again.companions) == (beside.content, beside.companions)
    assert again.metadata == beside.metadata | {"fit_seconds": again.metadata["fit_seconds"]}


def test_another_gallery_of_as_many_images_is_another_graph(folder, beside, tmp_path):
    other = index(beside, [shapes.write(tmp_path / "other.parquet", 150, 9)])
    assert other.metadata["classes"] == beside.metadata["classes"]
    assert other.metadata["sha256"] != beside.metadata["sha256"]
    assert other.metadata["gallery"]["files"] == digests(other.companions) != beside.metadata["gallery"]["files"]


def test_a_gallery_that_outgrows_the_graph_goes_beside_it_and_stays_there(folder, tmp_path):
    small = shapes.fit(folder, "arcface", epochs=1, embedding_size=8, neighbours=3, largest_exact=150).model
    assert small.metadata["gallery"]["search"] == "exact" and not small.companions
    larger = index(small, [folder / "training.parquet", folder / "validation.parquet"])
    assert [output.name for output in larger.session.get_outputs()] == ["embedding"]
    assert (larger.metadata["gallery"]["search"], len(larger.index)) == ("hnsw", 210)
    assert index(larger, [folder / "training.parquet"]).metadata["gallery"]["search"] == "hnsw"


def test_files_beside_a_graph_are_read_with_it_and_no_others(folder, beside, tmp_path):
    for name, content in {"model.onnx": beside.content, **beside.companions}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "metadata.json").write_text(beside.metadata_json())
    for read in (OnnxModel.of_folder(tmp_path), OnnxModel.load(tmp_path / "model.onnx")):
        assert read.companions == beside.companions
    other = index(beside, [shapes.write(tmp_path / "other.parquet", 150, 9)])
    (tmp_path / "gallery.faiss").write_bytes(other.companions["gallery.faiss"])
    for read in (lambda: OnnxModel.of_folder(tmp_path), lambda: OnnxModel.load(tmp_path / "model.onnx")):
        with pytest.raises(SwitchyardError, match=r"gallery\.faiss is not the file that its model\.onnx was made with"):
            read()
    (tmp_path / "gallery.faiss").unlink()
    with pytest.raises(SwitchyardError, match=r"gallery\.faiss is not there"):
        OnnxModel.of_folder(tmp_path)


@pytest.mark.parametrize("name", ["gallery.faiss", "gallery.npz"])
def test_a_damaged_index_is_said_to_be_one(beside, tmp_path, name):
    damaged = {**beside.companions, name: beside.companions[name][:-100]}
    with pytest.raises(InputError, match=r"^gallery\.faiss and gallery\.npz are no gallery that can be read"):
        FaissGallery.of_files(damaged)
    for each, content in damaged.items():
        (tmp_path / each).write_bytes(content)
    with pytest.raises(InputError, match=f"^{tmp_path}/gallery.faiss and gallery.npz are no gallery that can be read"):
        FaissGallery.load(tmp_path)


@pytest.mark.parametrize("limit", [0, 100_001])
def test_no_graph_has_more_than_a_hundred_thousand_images(folder, limit):
    with pytest.raises(InputError, match=rf"candidates\.it\.params\.largest_exact is {limit}: "):
        shapes.fit(folder, "arcface", largest_exact=limit)


@pytest.mark.parametrize("vote", [1, 3])
def test_votes_and_refusals_beside_the_graph_are_those_in_it(vote):
    rng = np.random.default_rng(vote)
    gallery = Gallery(normal(rng, 200), np.array([f"class {n}" for n in rng.integers(0, 5, 200)], dtype=object))
    queries = normal(rng, 100)
    got = FaissGallery.build(gallery).answer(queries, neighbours=4, vote=vote, threshold=0.85)
    expected = search(searcher(gallery, vote=vote, threshold=0.85), queries)
    same = (got["neighbours"] == expected["neighbours"]).all(axis=1)
    assert same.mean() > 0.98
    np.testing.assert_array_equal(got["label"][same], expected["label"][same])
    assert 0 < (got["label"] == "unknown").sum() < 100


def test_recall_is_the_share_of_true_neighbours_found(monkeypatch):
    rng = np.random.default_rng(3)
    gallery = Gallery(normal(rng, 3000, 32), np.array(["a"] * 3000, dtype=object))
    queries = normal(rng, 50, 32)
    index = FaissGallery.build(gallery)
    good = recall(index, gallery, queries, 10)
    index.index.hnsw.efSearch = 1
    assert recall(index, gallery, queries, 10) < good <= 1
    assert good > 0.9
    other = FaissGallery.build(Gallery(gallery.embeddings[::-1], gallery.labels))
    assert recall(other, gallery, queries, 10) < 0.1
