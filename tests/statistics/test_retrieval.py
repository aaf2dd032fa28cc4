"""Figures of a retrieval against definitions that are written out, and against cases with a known answer."""

import numpy as np
import pytest

from switchyard.errors import InputError
from switchyard.model.gallery import Gallery
from switchyard.statistics.retrieval import Answered, embedding_map, open_set, ranking, verification


def gallery(rows: int, seed: int, spread: float = 0.6, classes: int = 4, width: int = 6) -> Gallery:
    """Images scattered about the centres of their classes."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(classes, width))
    numbers = rng.integers(0, classes, rows)
    values = centres[numbers] + rng.normal(size=(rows, width)) * spread
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return Gallery(values.astype(np.float32), np.array([f"class {n}" for n in numbers], dtype=object))


def test_accuracy_recall_and_map_are_those_of_their_definitions():
    queries, others = gallery(60, 1, 1.0), gallery(80, 2, 1.0)
    got = ranking(queries, others, ks=(1, 3, 5), resamples=50)
    hits, averages = {1: [], 3: [], 5: []}, []
    for embedding, label in zip(queries.embeddings, queries.labels, strict=True):
        order = sorted(range(80), key=lambda row: -float(embedding @ others.embeddings[row]))
        right = [others.labels[row] == label for row in order]
        for k, found in hits.items():
            found.append(any(right[:k]))
        averages.append(np.mean([sum(right[: rank + 1]) / (rank + 1) for rank in range(80) if right[rank]]))
    for k, found in hits.items():
        assert got[f"recall_at_{k}"]["value"] == pytest.approx(np.mean(found))
    assert got["accuracy"] == got["recall_at_1"]
    assert got["map"]["value"] == pytest.approx(np.mean(averages))
    assert 0.4 < got["accuracy"]["value"] < 0.95
    for estimate in got.values():
        assert estimate["low"] < estimate["value"] < estimate["high"] and estimate["n"] == 60


def test_perfect_embeddings_have_perfect_figures():
    got = ranking(gallery(30, 1, 0.01), gallery(40, 2, 0.01), resamples=20)
    assert {estimate["low"] for estimate in got.values()} == {1.0}
    errors = verification(gallery(30, 1, 0.01), gallery(40, 2, 0.01))
    assert errors["eer"]["value"] == 0


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    truth = ranking(gallery(20_000, 5, 1.0), gallery(80, 2, 1.0), resamples=1)["accuracy"]["value"]
    covered = 0
    for seed in range(100):
        estimate = ranking(gallery(80, 1000 + seed, 1.0), gallery(80, 2, 1.0), resamples=200, confidence=0.9)[
            "accuracy"
        ]
        covered += estimate["low"] <= truth <= estimate["high"]
    assert 80 <= covered <= 98


def test_the_equal_error_rate_is_where_both_errors_are_equal():
    queries, others = gallery(70, 1, 0.8), gallery(90, 2, 0.8)
    got = verification(queries, others)
    cosines = queries.embeddings @ others.embeddings.T
    genuine = queries.labels[:, None] == others.labels
    missed, matched = (cosines[genuine] < got["threshold"]).mean(), (cosines[~genuine] >= got["threshold"]).mean()
    assert missed == pytest.approx(got["eer"]["value"], abs=0.005)
    assert matched == pytest.approx(got["eer"]["value"], abs=0.005)
    assert 0.05 < got["eer"]["low"] < got["eer"]["value"] < got["eer"]["high"] < 0.5
    assert got["pairs"] == {"genuine": genuine.sum(), "impostor": (~genuine).sum()}
    histogram = got["histogram"]
    assert len(histogram["edges"]) == 51
    for kind, chosen in (("genuine", genuine), ("impostor", ~genuine)):
        expected, _ = np.histogram(cosines[chosen], bins=50, range=(-1, 1))
        np.testing.assert_allclose(histogram[kind], expected / expected.sum(), atol=0.01)


def test_random_embeddings_err_every_second_time():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 8)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    labels = np.array([f"class {n}" for n in rng.integers(0, 4, 400)], dtype=object)
    errors = verification(Gallery(values[:200], labels[:200]), Gallery(values[200:], labels[200:]))
    assert errors["eer"]["value"] == pytest.approx(0.5, abs=0.03)


def test_images_of_other_classes_should_be_refused():
    labels = np.array(["a"] * 10 + ["b"] * 10 + ["strange"] * 20, dtype=object)
    said = np.array(["a"] * 9 + ["b"] * 11 + ["a"] * 20, dtype=object)
    similarity = np.concatenate([np.full(18, 0.9), np.full(2, 0.4), np.full(15, 0.3), np.full(5, 0.6)])
    got = open_set(Answered(similarity.astype(np.float32), labels, said), ("a", "b"), threshold=0.5)
    assert got["unknown_refused"]["value"] == 0.75 and got["unknown_refused"]["n"] == 20
    assert got["known_refused"]["value"] == 0.1
    assert got["known_right"]["value"] == 17 / 20
    # Wilson's interval for 15 of 20, from R's prop.test(15, 20, correct = FALSE)
    assert got["unknown_refused"]["low"] == pytest.approx(0.5312991, abs=1e-5)
    assert got["unknown_refused"]["high"] == pytest.approx(0.8881401, abs=1e-5)
    closed = open_set(Answered(similarity[:20], labels[:20], said[:20]), ("a", "b"), threshold=0.5)
    assert closed["unknown_refused"] == {"value": None, "low": None, "high": None, "n": 0}


def test_a_map_keeps_neighbours_together_and_repeats():
    images = gallery(90, 1, 0.05)
    drawn = embedding_map(images, seed=3, at_most=60)
    assert drawn == embedding_map(images, seed=3, at_most=60)
    assert len(drawn["rows"]) == 60 and drawn["rows"] == sorted(set(drawn["rows"]))
    assert drawn["labels"] == images.labels[drawn["rows"]].tolist()
    plane = np.stack([drawn["x"], drawn["y"]], axis=1)
    distances = np.linalg.norm(plane[:, None] - plane, axis=2) + np.eye(60) * 1e9
    nearest = np.array(drawn["labels"])[distances.argmin(axis=1)]
    assert (nearest == drawn["labels"]).mean() > 0.95


def test_what_cannot_be_measured_is_said():
    images = gallery(20, 1)
    none = Gallery(images.embeddings[:0], images.labels[:0])
    strange = Gallery(images.embeddings, np.array(["strange"] * 20, dtype=object))
    with pytest.raises(InputError, match=r"no images to search for: enlarge split\.test"):
        ranking(none, images)
    with pytest.raises(InputError, match="no image of the class 'strange'"):
        ranking(strange, images)
    for one, other in ((strange, images), (strange, strange), (none, images)):
        with pytest.raises(InputError, match="all pairs of images are of one class, or none are"):
            verification(one, other)
    with pytest.raises(InputError, match="4 images are too few for a map"):
        embedding_map(Gallery(images.embeddings[:4], images.labels[:4]), seed=0)
