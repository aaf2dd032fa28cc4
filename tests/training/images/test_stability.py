"""The same candidate trained with other seeds: measured as the evaluation does, told apart from the candidate's own."""

import logging

import numpy as np
import polars as pl
import pytest

from switchyard.config.images import ImageCandidate, ImageReporting, ImageShape
from switchyard.config.recipes import ImageEvaluate, ImageTrain
from switchyard.config.sections import Metrics
from switchyard.data.dataset import Dataset
from switchyard.evaluation.images.evaluate import evaluate
from switchyard.training.callbacks import Progress
from switchyard.training.images.stability import validation_metric
from switchyard.training.images.task import train
from tests.fixtures import shapes

QUICK = {"width": 2, "epochs": 2, "batch_size": 32, "learning_rate": 0.02}
METRICS = {"cnn": ("accuracy", "roc_auc", "log_loss"), "arcface": ("accuracy", "map", "eer")}


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    for seed, (part, rows) in enumerate({"train": 60, "validation": 45, "test": 45}.items()):
        shapes.write(folder / f"{part}.parquet", rows, seed)
    return Dataset(str(folder), ("train", "validation", "test"))


def fit(splits, kind, primary, seeds, told=None, folder=None):
    image, candidate = ImageShape(size=shapes.SIZE, channels=1), ImageCandidate(type=kind, params=QUICK)
    about = {"name": "it", "seed": 3, "threads": 1, "seeds": seeds, "primary": primary}
    recipe = ImageTrain.model_construct(**about, image=image, candidate=candidate)
    progress = Progress(on_epoch=(lambda _: None) if told is None else told.append, folder=folder and (lambda: folder))
    return train(splits, recipe, progress).model


@pytest.mark.parametrize("kind", METRICS)
def test_the_metric_is_the_one_that_the_evaluation_finds_on_validation_images(splits, kind):
    model = fit(splits, kind, "accuracy", 0)
    assert model.metadata["stability"] is None
    parts = {part: splits.scan(part) for part in splits.parts}
    metrics = Metrics(primary="accuracy", bootstrap=0)
    recipe = ImageEvaluate.model_construct(metrics=metrics, evaluation=ImageReporting(), seed=1)
    report = evaluate([model], **parts, recipe=recipe).report
    assert "stability" not in report
    found = report["candidates"][0]["metrics"]
    for name in METRICS[kind]:
        measured = validation_metric(model, name, splits.path("validation"))
        assert measured == pytest.approx(found[name]["value"], abs=1e-6), name


def test_other_seeds_change_the_figure_and_not_the_file_and_go_on_after_a_kill(splits, tmp_path):
    plain, told = fit(splits, "cnn", "log_loss", 0), []
    model = fit(splits, "cnn", "log_loss", 2, told, tmp_path)
    assert model.content == plain.content
    variability = model.metadata["stability"]
    assert (variability["seeds"], variability["metric"]) == ([3, 4, 5], "log_loss")
    assert len(set(variability["values"])) == 3
    assert variability["std"] == pytest.approx(np.std(variability["values"], ddof=1))
    own = validation_metric(plain, "log_loss", splits.path("validation"))
    assert variability["values"][0] == own
    assert [(each.get("seed"), each["epoch"]) for each in told] == [(s, e) for s in (None, 4, 5) for e in (1, 2)]
    assert [each["epoch"] for each in model.metadata["training"]["epochs"]] == [1, 2]

    again = []
    assert fit(splits, "cnn", "log_loss", 2, again, tmp_path).metadata["stability"] == variability
    assert again == []  # each had its own checkpoint


def test_a_model_that_answers_nothing_finite_or_no_known_class_has_no_figure(splits, tmp_path):
    model = fit(splits, "arcface", "map", 0)
    strange = tmp_path / "strange.parquet"
    splits.scan("validation").with_columns(label=pl.lit("other")).collect().write_parquet(strange)
    for name in ("map", "eer"):
        assert validation_metric(model, name, strange) is None


def test_the_losses_of_other_seeds_are_lines_of_their_own_and_no_curve(monkeypatch, caplog):
    from steps.support import epochs

    logged = []
    monkeypatch.setattr(epochs, "log_epochs", logged.extend)
    epoch = {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "learning_rate": 0.01, "seconds": 1.0}
    with caplog.at_level(logging.INFO, logger="steps.support.epochs"):
        tell = epochs.Epochs("cnn")
        tell(epoch)
        tell({**epoch, "seed": 4})
    lines = [record.getMessage().partition(":")[0] for record in caplog.records]
    assert lines == ["train_cnn epoch 1", "train_cnn seed 4 epoch 1"]
    assert logged == [epoch]
