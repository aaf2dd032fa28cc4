import json

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as reference

from switchyard.config.recipes import TableEvaluate
from switchyard.config.sections import Column, Contract, Data, Expectations, Features, Metrics, Reporting
from switchyard.errors import InputError, SwitchyardError
from switchyard.evaluation.gate_names import problem
from switchyard.evaluation.gates.judge import judge
from switchyard.evaluation.tables.evaluate import evaluate
from switchyard.evaluation.tables.gate_schema import Measured, places
from switchyard.model.onnx_model import OnnxModel

DATA = Data(uri="table.csv", target="y")
GOOD, NOISY, BLIND = [[-2.0, 2.0], [0.0, 0.0]], [[-0.5, 0.5], [-1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]


def table(rows, seed, classes=("no", "yes")):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)).astype(np.float32)
    is_second = x[:, 0] + rng.logistic(size=rows) * 0.4 > 0
    return pl.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "y": [classes[int(label)] for label in is_second]})


def prices(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2)).astype(np.float32)
    return pl.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "y": x[:, 0] * 3.0 + rng.normal(size=rows)})


def run(models, validation, test, task="classification", primary="roc_auc", data=DATA, bootstrap=100, **more):
    chosen = Metrics(primary=primary, bootstrap=bootstrap)
    frames = {"validation": validation.lazy(), "test": test.lazy()}
    recipe = TableEvaluate.model_construct(data=data, task=task, metrics=chosen, seed=1)
    return evaluate(models, **frames, recipe=recipe, **more)


def test_the_best_on_validation_rows_is_measured_on_test_rows(classifier):
    models = [classifier(NOISY, ["no", "yes"], candidate="noisy"), classifier(GOOD, ["no", "yes"], candidate="good")]
    test = table(300, 2)

    found = run(models, table(300, 1), test)

    assert found.best == found.report["best"] == "good"
    outputs = models[1].run(test)
    expected = reference.roc_auc_score(test["y"] == "yes", outputs["probabilities"][:, 1])
    assert found.report["gated"]["roc_auc"] == pytest.approx(expected)
    assert found.report["gated"]["accuracy"] == pytest.approx(np.mean(outputs["label"] == test["y"].to_numpy()))
    assert found.report["gated"]["roc_auc.low"] < expected < found.report["gated"]["roc_auc.high"]


def test_the_verdict_is_on_validation_rows_even_if_test_rows_say_otherwise(classifier):
    models = [classifier(NOISY, ["no", "yes"], candidate="noisy"), classifier(GOOD, ["no", "yes"], candidate="good")]
    misleading = table(300, 2).with_columns(y=pl.when(pl.col("x1") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")))

    assert run(models, table(300, 1), misleading).best == "good"


@pytest.mark.parametrize("primary", ["rmse", "mae", "r2"])
def test_lower_errors_and_higher_r2_win(regressor, primary):
    models = [regressor([1.0, 0.0], candidate="far"), regressor([3.0, 0.0], candidate="near")]

    found = run(models, prices(200, 1), prices(200, 2), task="regression", primary=primary)

    assert found.best == "near"
    assert found.report["selection"]["higher_is_better"] is (primary == "r2")


def test_log_loss_is_better_when_lower(classifier):
    models = [classifier(BLIND, ["no", "yes"], candidate="blind"), classifier(GOOD, ["no", "yes"], candidate="good")]

    assert run(models, table(200, 1), table(200, 2), primary="log_loss").best == "good"


def test_of_equals_the_smaller_file_wins_and_then_the_first_name(classifier):
    one, other = (classifier(GOOD, ["no", "yes"], candidate=name) for name in ("b", "a"))
    # A doc string: the same answers from a larger file.
    large = OnnxModel(other.content + b"\x32" + bytes([100]) + b"x" * 100, {**other.metadata, "candidate": "0"})

    assert run([one, other], table(50, 1), table(50, 2)).best == "a"
    assert run([large, one], table(50, 1), table(50, 2)).best == "b"


def measured(task):
    target = Column(type="string", allowed=("no", "yes")) if task == "classification" else Column(type="number")
    columns = {"x0": Column(type="number"), "x1": Column(type="number"), "y": target}
    return Measured(task, DATA, Contract(columns=columns), Features(), Metrics(primary="f1"), Reporting())


def test_everything_that_a_gate_can_name_is_in_the_report(classifier, regressor):
    of_classes = run([classifier(GOOD, ["no", "yes"])], table(100, 1), table(100, 2)).report
    of_values = run([regressor([3.0, 0.0])], prices(100, 1), prices(100, 2), "regression", "rmse").report

    for report in (of_classes, of_values):
        root = places(measured(report["task"]))
        assert [problem(name, root) for name in report["gated"]] == [""] * len(report["gated"])
    assert all(isinstance(value, float) for value in (*of_classes["gated"].values(), *of_values["gated"].values()))


def test_parity_and_size_are_those_of_the_file(classifier):
    model = classifier(GOOD, ["no", "yes"], parity={"max_difference": 3e-6, "labels_equal": True})

    gated = run([model], table(50, 1), table(50, 2)).report["gated"]

    assert gated["parity"] == 3e-6
    assert gated["size_mb"] == len(model.content) / 1e6


def test_the_report_is_json_and_the_same_again_but_for_timings(classifier):
    def report():
        found = run([classifier(GOOD, ["no", "yes"])], table(80, 1), table(80, 2), source={"uri": "table.csv"}).report
        del found["test"]["latency_ms"], found["candidates"][0]["latency_ms"]
        found["gated"] = {name: value for name, value in found["gated"].items() if not name.startswith("latency")}
        return json.dumps(found, allow_nan=False, sort_keys=True)

    assert report() == report()


def test_one_class_only_in_test_rows_leaves_roc_auc_undefined_and_its_gate_failed(classifier):
    test = table(100, 2).filter(pl.col("y") == "no")

    report = run([classifier(GOOD, ["no", "yes"])], table(100, 1), test).report

    assert report["gated"]["roc_auc"] is None and report["gated"]["accuracy"] is not None
    (result,) = judge({"roc_auc": ">= 0.1"}, report)
    assert str(result) == "gate roc_auc failed: undefined (no row is of class yes), asked >= 0.1"
    json.dumps(report, allow_nan=False)


@pytest.mark.parametrize("classes", [["no", "yes"], [0, 1], [False, True], [3, 7]], ids=str)
def test_labels_of_any_type(classifier, classes):
    frames = table(100, 1, classes), table(100, 2, classes)

    report = run([classifier(GOOD, classes)], *frames).report

    assert report["gated"]["accuracy"] > 0.7
    assert sum(report["data"]["class_counts"]) == 100
    assert report["data"]["unseen_labels"] == {}


def test_the_positive_class_is_the_cards(classifier):
    def scores(positive):
        report = run([classifier(GOOD, ["no", "yes"], positive=positive)], table(200, 1), table(200, 2)).report
        assert list(report["test"]["roc"]) == [positive]
        return report["gated"]

    no, yes = scores("no"), scores("yes")

    assert no["f1"] != yes["f1"] and no["pr_auc"] != yes["pr_auc"]
    assert no["roc_auc"] == pytest.approx(yes["roc_auc"])


def test_many_classes_are_one_against_the_rest(classifier):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 2)).astype(np.float32)
    weights = np.array([[2.0, -2.0, 0.0], [0.0, 1.0, -2.0]])
    label = (x @ weights + rng.gumbel(size=(300, 3))).argmax(axis=1)
    frame = pl.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "y": [("a", "b", "c")[each] for each in label]})
    model = classifier(weights, ["a", "b", "c"])

    report = run([model], frame, frame).report

    expected = reference.roc_auc_score(label, model.run(frame)["probabilities"].astype(float), multi_class="ovr")
    assert report["gated"]["roc_auc"] == pytest.approx(expected, abs=1e-6)
    assert list(report["test"]["roc"]) == ["a", "b", "c"]
    assert np.sum(report["test"]["confusion"]) == 300


def test_labels_that_the_model_never_saw_count_as_wrong_and_are_said(classifier):
    test = table(100, 2).with_columns(y=pl.when(pl.int_range(pl.len()) < 50).then(pl.lit("new")).otherwise("y"))

    report = run([classifier(GOOD, ["no", "yes"])], table(100, 1), test).report

    assert report["gated"]["accuracy"] <= 0.5
    assert report["data"]["unseen_labels"] == {"new": 50}
    assert "test: 50 rows of class 'new', which the model never saw, count as wrong" in report["warnings"]


def test_rows_without_a_target_are_left_out_and_said(classifier, regressor):
    test = table(100, 2).with_columns(y=pl.when(pl.int_range(pl.len()) < 10).then(None).otherwise("y"))
    priced = prices(100, 2).with_columns(y=pl.when(pl.int_range(pl.len()) < 10).then(float("nan")).otherwise("y"))

    of_classes = run([classifier(GOOD, ["no", "yes"])], table(100, 1), test).report
    of_values = run([regressor([3.0, 0.0])], prices(100, 1), priced, "regression", "rmse").report

    for report in (of_classes, of_values):
        assert report["data"]["rows"]["test"] == 90
        assert report["warnings"] == ["test: 10 rows without a value of y were left out"]


def test_few_rows_are_measured_with_a_warning(classifier):
    report = run([classifier(GOOD, ["no", "yes"])], table(100, 1), table(12, 2)).report

    assert report["gated"]["accuracy"] is not None
    assert report["warnings"][0].startswith("test: only 12 rows")


def test_a_model_that_ranks_nothing_is_measured(classifier):
    report = run([classifier(BLIND, ["no", "yes"])], table(100, 1), table(100, 2)).report

    assert report["gated"]["roc_auc"] == report["gated"]["roc_auc.low"] == 0.5


def test_a_model_that_answers_nan_is_never_the_best_and_has_no_figures(classifier):
    broken = classifier([[np.nan, 0.0], [0.0, 0.0]], ["no", "yes"], candidate="broken")
    blind = classifier(BLIND, ["no", "yes"], candidate="good")

    assert run([broken, blind], table(100, 1), table(100, 2)).best == "good"
    alone = run([broken], table(100, 1), table(100, 2)).report
    assert alone["gated"]["accuracy"] is None
    assert not judge({"accuracy": ">= 0"}, alone)[0].passed
    assert "NaN" in alone["warnings"][0]


def test_an_infinite_target_leaves_all_figures_undefined(regressor):
    test = prices(50, 2).with_columns(y=pl.when(pl.int_range(pl.len()) < 1).then(float("inf")).otherwise("y"))

    report = run([regressor([3.0, 0.0])], prices(50, 1), test, "regression", "rmse").report

    assert report["gated"]["rmse"] is None
    assert report["undefined"]["rmse"] == "the target is infinite in some rows"
    json.dumps(report, allow_nan=False)


def test_nothing_is_chosen_by_a_metric_without_value(classifier):
    one_class = table(100, 1).filter(pl.col("y") == "no")
    models = [classifier(GOOD, ["no", "yes"], candidate=name) for name in "ab"]

    with pytest.raises(InputError, match=r"metrics\.primary roc_auc has no value for any candidate on validation rows"):
        run(models, one_class, table(50, 2))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_split_without_rows_is_refused(classifier, part):
    frames = {"validation": table(50, 1), "test": table(50, 2)} | {part: table(50, 1).head(0)}

    with pytest.raises(InputError, match=f"no {part} row has a value of the target 'y'"):
        run([classifier(GOOD, ["no", "yes"])], **frames)


def test_a_primary_metric_of_the_other_task_is_refused(classifier):
    with pytest.raises(InputError, match=r"metrics\.primary is 'rmse'.*accuracy, roc_auc"):
        run([classifier(GOOD, ["no", "yes"])], table(50, 1), table(50, 2), primary="rmse")


def test_an_answer_that_is_not_on_the_card_is_a_broken_model(classifier):
    model = classifier(GOOD, ["no", "yes"])
    renamed = OnnxModel(model.content, {**model.metadata, "classes": ["no", "maybe"]})

    with pytest.raises(SwitchyardError, match="candidate linear answers 'yes', which is no class on its metadata"):
        run([renamed], table(50, 1), table(50, 2))


def test_columns_that_no_candidate_reads_are_not_loaded(classifier):
    def explode(_):
        raise AssertionError("read")

    unread = table(50, 1).lazy().with_columns(other=pl.col("x0").map_elements(explode, return_dtype=pl.Float64))

    report = run([classifier(GOOD, ["no", "yes"])], unread, table(50, 2)).report

    assert report["data"]["rows"]["validation"] == 50


def test_the_summary_has_each_candidate_and_the_test_metrics(classifier):
    models = [classifier(NOISY, ["no", "yes"], candidate="noisy"), classifier(GOOD, ["no", "yes"], candidate="good")]

    summary = run(models, table(100, 1), table(90, 2)).summary

    assert summary["best"] == "good"
    assert list(summary["candidates"]) == ["noisy", "good"]
    assert set(summary["test"]["roc_auc"]) == {"value", "low", "high", "n"}
    assert summary["rows"] == {"validation": 100, "test": 90}


def test_latency_quantiles_rise(classifier):
    latency = run([classifier(GOOD, ["no", "yes"])], table(30, 1), table(30, 2)).report["test"]["latency_ms"]

    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]


def test_a_model_that_answers_nan_is_still_held_to_what_is_expected_of_it(regressor):
    frame = prices(50, 1).with_columns(x1=pl.when(pl.col("x1") > 1).then(None).otherwise("x1"))
    number = Column(type="number", nullable=True)
    contract = Contract(columns={"x0": number, "x1": number, "y": Column(type="number")})
    expected = {"directional": [{"name": "up", "column": "x0", "add": 1.0, "score": "not lower"}]}
    recipe = TableEvaluate.model_construct(
        **{"data": DATA, "task": "regression", "seed": 1, "metrics": Metrics(primary="rmse", bootstrap=100)},
        **{"contract": contract, "features": Features(), "evaluation": Reporting(), "golden_rows": 5},
        expectations=Expectations.model_validate(expected),
    )
    parts = {"train": frame.lazy(), "validation": frame.lazy(), "test": frame.lazy()}

    found = evaluate([regressor([1.0, 1.0], candidate="holes")], **parts, recipe=recipe)

    assert "importances" not in found.report
    assert [each["passed"] for each in found.report["expectations"]] == [False]
