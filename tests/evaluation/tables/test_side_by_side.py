"""Two versions on the same rows, none of which either has learned; neither is called champion."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from switchyard.config.recipes import TablePromote
from switchyard.config.sections import Champion, Data, Metrics
from switchyard.data.training_rows import TrainingRows
from switchyard.evaluation.entrants import Entrant
from switchyard.evaluation.tables.side_by_side import side_by_side

GOOD, BAD = [[-1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [-1.0, 1.0]]  # x0 is the signal, x1 is noise
DATA = Data(uri="table.csv", target="y")


def table(rows=400):
    rng = np.random.default_rng(5)
    signal = rng.normal(size=rows)
    label = np.where(signal + rng.normal(size=rows) * 0.5 > 0, "yes", "no")
    columns = {"x0": signal, "x1": rng.normal(size=rows), "price": signal * 3, "y": label}
    return pl.DataFrame(columns).with_columns(pl.col("x0", "x1").cast(pl.Float32))


def seen(frame, *rows):
    """The record of a version that was trained on these rows of the table."""
    return TrainingRows.of(frame[list(rows)].lazy())


def run(first, second, frame, task="classification", data=DATA, primary="roc_auc", **settings):
    metrics, champion = Metrics(primary=primary, bootstrap=50), Champion(**settings)
    recipe = TablePromote.model_construct(data=data, task=task, metrics=metrics, champion=champion, seed=1)
    return side_by_side(first, second, frame.lazy(), recipe)


@pytest.fixture
def pair(classifier):
    def make(frame, first=(), second=(), weights=(BAD, GOOD)):
        models = [classifier(each, ["no", "yes"]) for each in weights]
        return [
            Entrant(f"version {number}", model, seen(frame, *rows))
            for number, model, rows in zip((3, 4), models, (first, second), strict=True)
        ]

    return make


def test_both_are_measured_on_the_same_rows_and_the_better_one_is_named(pair):
    frame = table()
    first, second = pair(frame)

    found = run(first, second, frame)

    assert (found["rows"], found["left_out"], found["better"]) == (400, 0, "version 4")
    truth = (frame["y"] == "yes").to_numpy()
    for name, column in (("version 3", "x1"), ("version 4", "x0")):
        metrics, score = found["versions"][name]["metrics"], frame[column].to_numpy()
        assert metrics["roc_auc"]["value"] == pytest.approx(roc_auc_score(truth, score))
        assert metrics["accuracy"]["value"] == pytest.approx(accuracy_score(truth, score > 0))
        assert metrics["roc_auc"]["low"] < metrics["roc_auc"]["value"] < metrics["roc_auc"]["high"]
    difference = found["comparison"]["difference"]
    assert difference["effect"] == pytest.approx(difference["second"] - difference["first"])
    assert 0 < difference["low"] < difference["effect"] < difference["high"] and difference["p"] < 0.001
    assert found["verdict"].startswith("version 4 is better: roc_auc 0.9")
    assert "against version 3's 0." in found["verdict"]


def test_the_other_way_round_the_first_one_is_better(pair):
    frame = table()

    found = run(*pair(frame, weights=(GOOD, BAD)), frame)

    assert found["better"] == "version 3"
    assert found["verdict"].startswith("version 3 is better: roc_auc 0.")


def test_rows_that_either_was_trained_on_are_left_out(pair):
    frame = table()

    found = run(*pair(frame, first=range(100), second=range(50, 150)), frame)

    assert (found["rows"], found["left_out"]) == (250, 150)
    rest = frame[150:]
    auc = roc_auc_score((rest["y"] == "yes").to_numpy(), rest["x0"].to_numpy())
    assert found["versions"]["version 4"]["metrics"]["roc_auc"]["value"] == pytest.approx(auc)
    assert found["comparison"]["rows"] == 250


def test_rows_without_a_target_answer_nothing(pair):
    frame = table().with_columns(y=pl.when(pl.int_range(pl.len()) < 10).then(None).otherwise("y"))

    assert run(*pair(frame), frame)["rows"] == 390


def test_what_is_not_on_record_is_said_of_the_version_that_it_is_about(pair):
    frame = table()
    first, second = pair(frame)

    one = run(replace(first, seen=None), second, frame)
    other = run(first, replace(second, seen=None), frame)

    assert one["notes"] == ["which rows version 3 was trained on is not on record, so none is left out"]
    assert other["notes"] == ["which rows version 4 was trained on is not on record, so none is left out"]


@pytest.mark.parametrize("blind", [0, 1])
def test_a_version_whose_column_is_gone_has_no_figures_and_the_other_has(pair, blind):
    frame = table()
    entrants = pair(frame)
    metadata = entrants[blind].model.metadata
    inputs = [*metadata["inputs"], {"name": "gone", "datatype": "FP32"}]
    entrants[blind] = replace(
        entrants[blind], model=replace(entrants[blind].model, metadata={**metadata, "inputs": inputs})
    )

    found = run(*entrants, frame)

    name, other = (entrants[each].name for each in (blind, 1 - blind))
    assert (
        found["verdict"] == f"not compared: {name} cannot be asked: it reads gone, which today's contract does not have"
    )
    assert (found["comparison"], found["better"], found["versions"][name]["metrics"]) == (None, None, {})
    assert found["versions"][other]["metrics"]["roc_auc"]["value"] is not None


def test_a_version_of_the_other_task_cannot_be_asked(pair, regressor):
    frame = table()
    first, second = pair(frame)

    found = run(replace(first, model=regressor([1.0, 0.0])), second, frame)

    assert "version 3 cannot be asked: it is a regression, today's config a classification" in found["verdict"]


def test_two_regressions(pair, regressor):
    frame = table()
    first, second = (
        replace(each, model=regressor(weights))
        for each, weights in zip(pair(frame), ([2.0, 0.0], [3.0, 0.0]), strict=True)
    )

    found = run(first, second, frame, "regression", Data(uri="t.csv", target="price"), "rmse")

    assert found["better"] == "version 4"  # the smaller error, though the larger number is version 3's
    assert found["versions"]["version 4"]["metrics"]["rmse"]["value"] == pytest.approx(0, abs=1e-5)


def test_no_row_is_left(pair):
    frame = table(60)

    found = run(*pair(frame, first=range(60)), frame)

    assert (found["rows"], found["left_out"]) == (0, 60)
    assert "no row is left that neither was trained on" in found["verdict"]


def test_too_few_rows_are_no_verdict_and_no_word_is_of_champions(pair):
    frame = table(40)

    found = run(*pair(frame, first=range(20)), frame)

    assert found["better"] is None
    assert found["verdict"] == (
        "too close to call: too few rows to compare with version 3: 20 test rows, champion.min_rows is 30"
    )
    assert "the champion" not in json.dumps(found) and "challenger" not in json.dumps(found)


def test_figures_are_of_the_same_class_for_both(pair):
    frame = table()
    first, second = pair(frame, weights=(GOOD, GOOD))
    first = replace(first, model=replace(first.model, metadata={**first.model.metadata, "positive": "no"}))

    versions = run(first, second, frame)["versions"]

    assert versions["version 3"]["metrics"]["f1"] == versions["version 4"]["metrics"]["f1"]
