"""Champion against challenger on the same images, and two versions beside each other."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from switchyard.config.recipes import ImagePromote
from switchyard.config.sections import Champion, Metrics
from switchyard.data.training_rows import TrainingRows
from switchyard.evaluation.entrants import Entrant
from switchyard.evaluation.images.comparison import compare
from switchyard.evaluation.images.retrieval_sample import retrieval_sample
from switchyard.evaluation.images.side_by_side import side_by_side
from switchyard.model.difference import largest_difference
from switchyard.statistics.retrieval import verification
from tests.fixtures import brightness
from tests.fixtures.brightness import classifier, retrieval, table

BROKEN = {"a": 40, "b": 130, "c": 900}


@pytest.fixture(scope="module")
def images():
    return table(150, 2)


@pytest.fixture(scope="module")
def gallery():
    return table(90, 0)


def held(champion, challenger, images, *, seen=None, primary="accuracy", **settings):
    return compare(champion, challenger, images.lazy(), recipe("", Metrics(primary=primary), **settings), seen)


def recipe(task, metrics, **settings):
    return ImagePromote.model_construct(task=task, metrics=metrics, champion=Champion(**settings), seed=1)


def nobody():
    return TrainingRows.of(table(30, 99).lazy())


def test_a_better_classifier_is_promoted_by_mcnemars_test_and_a_worse_one_not(images):
    found = held(classifier(BROKEN), classifier(), images, seen=nobody())
    assert (found.verdict, found.metric, found.test, found.rows) == ("promote", "accuracy", "mcnemar", 150)
    assert "accuracy 0.8867 against the champion's 0.6000 on 150 test images" in found.reason
    assert held(classifier(), classifier(BROKEN), images, seen=nobody()).verdict == "keep champion"
    assert held(classifier(), classifier(), images, seen=nobody()).verdict == "too close to call"


@pytest.mark.parametrize("primary", ["roc_auc", "log_loss", "f1"])
def test_other_metrics_of_classifiers_go_by_the_bootstrap(images, primary):
    found = held(classifier(BROKEN), classifier(), images, seen=nobody(), primary=primary)
    assert (found.verdict, found.metric, found.test) == ("promote", primary, "bootstrap")


def test_retrievals_are_right_where_their_nearest_image_is(images, gallery):
    few = gallery.filter(pl.col("label") != "c")
    found = held(retrieval(few), retrieval(gallery), images, seen=nobody())
    assert (found.verdict, found.test, found.rows) == ("promote", "mcnemar", 150)
    queries, all_of, some_of = (brightness.embeddings(brightness.levels(each)) for each in (images, gallery, few))
    truth = np.array(images["label"].to_list())
    new, old = (
        np.array(frame["label"].to_list())[(queries @ shown.T).argmax(axis=1)] == truth
        for frame, shown in ((gallery, all_of), (few, some_of))
    )
    assert found.difference.champion == pytest.approx(old.mean(), abs=0.02)
    assert found.difference.challenger == pytest.approx(new.mean(), abs=0.02)
    assert binomtest(int((new & ~old).sum()), int((new != old).sum())).pvalue < 0.001


@pytest.mark.parametrize("primary", ["accuracy", "map"])
@pytest.mark.parametrize(("one", "other"), [(True, False), (False, True), (True, True)])
def test_galleries_beside_their_graphs_are_compared_as_any_others(images, gallery, one, other, primary):
    few = gallery.filter(pl.col("label") != "c")
    plain = held(retrieval(few), retrieval(gallery), images, seen=nobody(), primary=primary)
    found = held(retrieval(few, beside=one), retrieval(gallery, beside=other), images, seen=nobody(), primary=primary)
    assert (found.verdict, found.rows, found.left_out) == (plain.verdict, plain.rows, plain.left_out)
    assert found.difference.champion == pytest.approx(plain.difference.champion, abs=1e-6)
    assert found.difference.challenger == pytest.approx(plain.difference.challenger, abs=1e-6)


def test_versions_with_and_without_an_index_are_shown_side_by_side(images, gallery):
    first = Entrant("version 1", retrieval(gallery, beside=True), nobody())
    second = Entrant("version 2", retrieval(gallery), nobody())
    found = side_by_side(
        first, second, images.lazy(), recipe("image_retrieval", Metrics(primary="accuracy", bootstrap=50))
    )
    old, new = found["versions"].values()
    assert old["metrics"] == new["metrics"]
    assert old["size_mb"] == first.model.size / 1e6
    assert found["verdict"].startswith("too close to call")


@pytest.mark.parametrize(("primary", "better"), [("map", True), ("eer", True), ("recall_at_5", False)])
def test_rankings_go_by_the_bootstrap_over_images(images, gallery, primary, better):
    champion = retrieval(gallery, blind=0.0) if better else retrieval(gallery)
    found = held(champion, retrieval(gallery), images, seen=nobody(), primary=primary)
    assert (found.test, found.metric) == ("bootstrap", primary)
    assert found.verdict == ("promote" if better else "too close to call")


def test_images_of_a_class_that_one_side_cannot_name_are_told(images, gallery):
    few = gallery.filter(pl.col("label") != "c")
    found = held(retrieval(gallery), retrieval(few), images, seen=nobody())
    assert found.rows == 100
    assert "50 images left out of classes that the challenger does not know" in found.sentence()
    found = held(retrieval(few), retrieval(gallery), images, seen=nobody(), primary="map")
    assert found.rows == 100
    assert "50 images left out of classes that the champion does not know" in found.sentence()


def test_images_that_the_champion_has_learned_are_left_out_by_their_content(images):
    learned = images[:60].with_columns(label=pl.lit("other"), path=pl.lit("elsewhere.png"))  # under any name
    found = held(classifier(BROKEN), classifier(), images, seen=TrainingRows.of(learned.lazy()))
    assert (found.rows, found.left_out) == (90, 60)
    assert "60 test images left out that the champion was trained on" in found.sentence()
    found = held(classifier(BROKEN), classifier(), images, seen=TrainingRows.of(images[:130].lazy()))
    assert found.verdict == "too close to call"
    assert "too few images to compare with the champion: 20 test images" in found.reason
    assert "not on record" in held(classifier(BROKEN), classifier(), images).sentence()


def test_another_task_or_nan_cannot_be_compared(images, gallery):
    found = held(classifier(), retrieval(gallery), images)
    assert found.verdict == "too close to call"
    assert "its task is image_classification, the challenger's image_retrieval" in found.reason
    found = held(classifier({"a": 40, "b": np.nan, "c": 160}), classifier(), images)
    assert found.reason == "the champion cannot be compared: the champion answers NaN or infinity for some images"


def test_a_sample_of_error_rates_is_the_error_rate(images, gallery):
    queries = brightness.embeddings(brightness.levels(images))
    from switchyard.model.gallery import Gallery

    asked = Gallery(queries, np.array(images["label"].to_list(), dtype=object))
    known = Gallery(
        brightness.embeddings(brightness.levels(gallery)), np.array(gallery["label"].to_list(), dtype=object)
    )
    sample = retrieval_sample(asked, known, "eer")
    value = sample.finish(np.ones((1, 150)) @ sample.sums, [])["eer"][0]
    assert value == pytest.approx(verification(asked, known, resamples=0)["eer"]["value"], abs=0.01)
    half = np.repeat([1.0, 0.0], 75)[None]
    first = Gallery(queries[:75], asked.labels[:75])
    expected = verification(first, known, resamples=0)["eer"]["value"]
    assert sample.finish(half @ sample.sums, [])["eer"][0] == pytest.approx(expected, abs=0.01)


def test_two_versions_side_by_side(images, gallery):
    seen = TrainingRows.of(images[:30].lazy())
    given = recipe("image_classification", Metrics(primary="accuracy", bootstrap=100))
    first, second = Entrant("version 1", classifier(BROKEN), seen), Entrant("version 2", classifier(), nobody())
    found = side_by_side(first, second, images.lazy(), given)
    assert (found["rows"], found["left_out"], found["better"]) == (120, 30, "version 2")
    assert found["verdict"].startswith("version 2 is better: accuracy 0.9")
    assert found["versions"]["version 1"]["metrics"]["accuracy"]["value"] < 0.7
    assert found["versions"]["version 2"]["latency_ms"]["p50"] > 0
    other = Entrant("version 3", retrieval(gallery), nobody())
    found = side_by_side(first, other, images.lazy(), given)
    assert found["verdict"].startswith(
        "not compared: version 3 cannot be asked: its task is image_retrieval, today's image_classification"
    )


def test_how_far_the_answers_of_two_versions_are_apart(images, gallery):
    one, other = retrieval(gallery), retrieval(gallery, blind=0.5)
    apart = largest_difference(one, other, images)
    shown = brightness.levels(images)
    assert apart == pytest.approx(
        float(np.abs(brightness.embeddings(shown) - brightness.embeddings(shown, 0.5)).max()), abs=0.02
    )
    assert largest_difference(one, one, images) == 0
    assert largest_difference(classifier(), classifier(BROKEN), images) > 0.5
