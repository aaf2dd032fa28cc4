"""The whole report of small graphs: each section where it belongs, and exactly what gates may name."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from switchyard.config.recipes import TableEvaluate
from switchyard.config.sections import Column, Contract, Data, Expectations, Features, Metrics, Reporting, Slices
from switchyard.evaluation.gate_names import Place
from switchyard.evaluation.report.page import to_html
from switchyard.evaluation.tables.evaluate import evaluate
from switchyard.evaluation.tables.gate_schema import Measured, groups_of, places

DATA = Data(uri="t.csv", target="y")
TRAINED = {
    "training": {"seconds": 1.5, "peak_memory_mb": 80.0, "rows": 300},
    "stability": {"seeds": [1, 2], "metric": "f1", "values": [0.8, 0.9], "mean": 0.85, "std": 0.07}
    | {"low": 0.8, "high": 0.9},
}
EXPECTED = {"directional": [{"name": "more", "column": "x0", "add": 1.0, "score": "not lower"}]}
REPORTING = Reporting(slices=Slices(columns=("sex", "x0", "port"), pairs=(("sex", "port"),)), sensitive=("sex",))


def table(seed, rows=300, task="classification"):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)).astype(np.float32)
    score = x[:, 0] + rng.logistic(size=rows) * 0.4
    target = [("no", "yes")[int(each > 0)] for each in score] if task == "classification" else score
    sex, port = (
        pl.Series([of[i] for i in rng.integers(len(of), size=rows)]) for of in (["f", "m"], ["a", "b.c", None])
    )
    return pl.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "sex": sex, "port": port, "y": target})


def contract(task):
    number, text = Column(type="number"), Column(type="string", nullable=True)
    target = Column(type="string", allowed=("no", "yes")) if task == "classification" else number
    sex = Column(type="string", allowed=("f", "m", "x"))
    return Contract(columns={"x0": number, "x1": number, "sex": sex, "port": text, "y": target})


def parts(task):
    primary = "f1" if task == "classification" else "mae"
    features = Features(numeric=("x0", "x1"), categorical=())
    return task, DATA, contract(task), features, Metrics(primary=primary, bootstrap=20), REPORTING


def whole(model, task):
    _, _, rules, features, metrics, reporting = parts(task)
    reporting = reporting if task == "classification" else reporting.model_copy(update={"sensitive": ()})
    recipe = TableEvaluate.model_construct(
        **{"data": DATA, "task": task, "metrics": metrics, "seed": 1, "contract": rules, "features": features},
        evaluation=reporting,
        expectations=Expectations.model_validate(EXPECTED),
        golden_rows=3,
    )
    frames = {"validation": table(2, task=task).lazy(), "test": table(3, task=task).lazy()}
    found = evaluate([model], **frames, recipe=recipe, train=table(1, task=task).lazy())
    return found.report


@pytest.fixture
def models(classifier, regressor):
    return {
        "classification": classifier([[-2.0, 2.0], [0.0, 0.0]], ["no", "yes"], **TRAINED),
        "regression": regressor([1.0, 0.0], **TRAINED),
    }


OF_TASK = {"classification": {"calibration", "thresholds", "fairness"}, "regression": {"deciles"}}
COMMON = {"slices", "importances", "explanations", "robustness", "training", "stability", "expectations"}


@pytest.mark.parametrize("task", list(OF_TASK))
def test_each_task_has_its_sections_in_strict_json_and_on_the_page(models, task):
    report = whole(models[task], task)

    always = {
        "name",
        "task",
        "unit",
        "best",
        "selection",
        "data",
        "candidates",
        "test",
        "gated",
        "undefined",
        "warnings",
        "report_version",
    }
    assert set(report) - always == OF_TASK[task] | COMMON
    again = json.loads(json.dumps(report, allow_nan=False))
    assert to_html(again) == to_html(report)


def numbers(place: Place, path=""):
    """Every name in a tree that leads to a number."""
    for name, below in place.below.items():
        whole = f"{path}.{name}" if path else name
        yield from [whole] if below.is_number else []
        yield from numbers(below, whole)


@pytest.mark.parametrize("task", list(OF_TASK))
def test_what_may_be_gated_is_what_is_measured(models, task):
    report = whole(models[task], task)

    measured = Measured(*parts(task))
    if task == "regression":
        measured = Measured(*parts(task)[:5], REPORTING.model_copy(update={"sensitive": ()}))
    groups = groups_of(table(3, task=task).lazy(), table(1, task=task).lazy(), measured)
    known = {name for name in numbers(places(measured, groups)) if not name.startswith("contract.")}
    assert known == set(report["gated"])
    assert "slices.port.b.c.rows" in known and "slices.sex.x.rows" not in known


def test_groups_are_of_rows_that_no_candidate_reads(models):
    report = whole(models["classification"], "classification")

    assert set(report["slices"]) == {"sex", "x0", "port", "sex*port"}
    assert sum(each["rows"] for each in report["slices"]["port"].values()) == 300
    assert len(report["explanations"]["rows"]) == 3


def test_a_model_that_answers_nan_has_failed_expectations_and_no_other_section(classifier):
    report = whole(classifier([[np.nan, 0.0], [0.0, 0.0]], ["no", "yes"]), "classification")

    assert (OF_TASK["classification"] | COMMON) & set(report) == {"expectations"}
    assert [each["passed"] for each in report["expectations"]] == [False]
