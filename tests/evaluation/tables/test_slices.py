import json

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Contract, Data, Features, Metrics, Slices
from switchyard.evaluation.scoring import ask, sample_of
from switchyard.evaluation.tables.grouping import by_value, group_rows
from switchyard.evaluation.tables.slices import slice_names, sliced_columns, slices
from switchyard.statistics.bootstrap import estimate
from tests.evaluation.answers import rows_of, several_classes, two_classes, values

METRICS = Metrics(primary="roc_auc", bootstrap=200)


def passengers(seed=0, rows=1500):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["female", "male"], rows, p=[0.35, 0.65])
    cabin = rng.choice(["A. deck", "B deck", None], rows, p=[0.2, 0.3, 0.5])
    logit = np.where(sex == "female", 1.0, -1.0) + rng.normal(size=rows) * 1.5
    truth = rng.random(rows) < 1 / (1 + np.exp(-logit))
    frame = pl.DataFrame({"sex": sex, "cabin": cabin.tolist()})
    return frame, truth.astype(int), 1 / (1 + np.exp(-logit))


def measured(answers, frame, settings=None, metrics=METRICS, seed=1):
    settings = settings or Slices()
    groups = {name: by_value(frame[name]) for name in frame.columns}
    return slices(answers, groups, frame.columns, settings, metrics, seed)


def test_a_slice_has_the_metrics_of_its_rows_alone():
    frame, truth, score = passengers()
    answers = two_classes(truth, score)

    found = measured(answers, frame).section

    assert {name: list(each) for name, each in found.items()} == {
        "sex": ["female", "male"],
        "cabin": ["A. deck", "B deck", "missing"],
    }
    for column, name, mask in (
        ("sex", "female", frame["sex"] == "female"),
        ("cabin", "missing", frame["cabin"].is_null()),
    ):
        alone = estimate(sample_of(rows_of(answers, mask.to_numpy())), resamples=0, confidence=0.95, seed=0)
        slice_ = found[column][name]
        assert slice_["rows"] == mask.sum() and not slice_["small"]
        for metric, each in alone.items():
            assert slice_[metric]["value"] == pytest.approx(each.value)
            assert slice_[metric]["n"] == mask.sum()
            assert slice_[metric]["low"] < each.value < slice_[metric]["high"]


def test_shuffled_labels_of_one_slice_show_there_and_not_overall():
    frame, truth, score = passengers(rows=3000)
    rng = np.random.default_rng(9)
    biased = truth.copy()
    deck = (frame["cabin"] == "A. deck").fill_null(False).to_numpy() & (frame["sex"] == "female").to_numpy()
    biased[deck] = rng.permutation(biased[deck])
    asked = 0.75  # a gate such as roc_auc.low: ">= 0.75"
    settings = Slices(pairs=(("sex", "cabin"),))

    answers = two_classes(biased, score)
    overall = estimate(sample_of(answers), resamples=400, confidence=0.95, seed=0)["roc_auc"]
    found = measured(answers, frame, settings).section["sex*cabin"]
    fair = measured(two_classes(truth, score), frame, settings).section["sex*cabin"]

    assert overall.low > asked
    assert found["female*A. deck"]["roc_auc"]["high"] < asked < fair["female*A. deck"]["roc_auc"]["value"]
    assert found["female*A. deck"]["roc_auc"]["low"] < 0.5 < found["female*A. deck"]["roc_auc"]["high"]
    assert found["male*A. deck"]["roc_auc"] == fair["male*A. deck"]["roc_auc"]


def test_large_slices_on_blocks_say_what_small_ones_say_row_by_row(monkeypatch):
    frame, truth, score = passengers(rows=12_000)
    answers = two_classes(truth, score)
    quick = measured(answers, frame, metrics=Metrics(primary="roc_auc")).section["sex"]["male"]

    mask = (frame["sex"] == "male").to_numpy()
    exact = estimate(sample_of(rows_of(answers, mask)), resamples=400, confidence=0.95, seed=7)

    for metric, each in exact.items():
        width = each.high - each.low
        assert quick[metric]["value"] == pytest.approx(each.value)
        assert [quick[metric]["low"], quick[metric]["high"]] == pytest.approx([each.low, each.high], abs=width / 4)


def test_small_slices_are_marked_and_the_smallest_have_no_bootstrap():
    frame = pl.DataFrame({"g": ["one"] + ["few"] * 9 + ["some"] * 29 + ["enough"] * 30 + ["many"] * 31})
    rng = np.random.default_rng(0)
    truth = (rng.random(100) < 0.5).astype(int)
    answers = two_classes(truth, np.clip(0.3 + 0.4 * truth + rng.normal(size=100) * 0.2, 0, 1))

    found = measured(answers, frame).section["g"]

    assert {name: each["small"] for name, each in found.items()} == {
        "one": True,
        "few": True,
        "some": True,
        "enough": False,
        "many": False,
    }
    assert found["one"]["roc_auc"] == {"value": None, "low": None, "high": None, "n": 1}
    assert found["few"]["brier"]["value"] is not None and found["few"]["brier"]["low"] is None
    assert found["some"]["brier"]["low"] is not None
    assert 0 <= found["one"]["accuracy"]["low"] <= found["one"]["accuracy"]["high"] <= 1
    assert found["one"]["accuracy"]["high"] - found["one"]["accuracy"]["low"] > 0.7
    json.dumps(found, allow_nan=False)


def test_a_slice_of_one_class_has_no_roc_auc_and_no_interval_of_it():
    frame = pl.DataFrame({"g": ["a"] * 50 + ["b"] * 50})
    answers = two_classes([0] * 50 + [0, 1] * 25, np.linspace(0, 1, 100))

    found = measured(answers, frame).section["g"]

    assert found["a"]["roc_auc"] == {"value": None, "low": None, "high": None, "n": 50}
    assert found["b"]["roc_auc"]["value"] is not None
    assert found["a"]["accuracy"]["value"] is not None


@pytest.mark.parametrize(("others", "is_told"), [(1, False), (4, False), (5, True)])
def test_a_ranking_of_hardly_any_rows_of_one_class_has_no_interval(others, is_told):
    rng = np.random.default_rng(3)
    answers = two_classes([0] * others + [1] * 40, rng.random(others + 40))

    found = measured(answers, pl.DataFrame({"g": ["a"] * (others + 40)})).section["g"]["a"]

    assert found["roc_auc"]["value"] is not None
    assert (found["roc_auc"]["low"] is not None) == (found["pr_auc"]["high"] is not None) == is_told
    assert found["log_loss"]["low"] is not None


def test_a_perfect_ranking_is_no_proof_of_perfection():
    answers = two_classes([0] * 20 + [1] * 20, np.linspace(0, 1, 40))

    found = measured(answers, pl.DataFrame({"g": ["a"] * 40})).section["g"]["a"]

    assert found["roc_auc"] == {"value": 1.0, "low": None, "high": None, "n": 40}
    assert found["accuracy"]["value"] == 1 and found["accuracy"]["low"] < 0.95


def test_labels_that_the_model_never_saw_count_as_wrong():
    frame = pl.DataFrame({"g": ["a", "a", "b", "b"] * 10})
    answers = two_classes([1, -1, -1, -1] * 10, [0.9] * 40)

    found = measured(answers, frame).section["g"]

    assert (found["a"]["accuracy"]["value"], found["b"]["accuracy"]["value"]) == (0.5, 0.0)


def test_several_classes_and_values_are_sliced_alike():
    rng = np.random.default_rng(4)
    frame = pl.DataFrame({"g": rng.choice(["a", "b"], 400).tolist()})
    given = rng.dirichlet([1, 1, 1], 400)
    truth = rng.normal(size=400)
    of_classes = several_classes(rng.integers(0, 3, 400), given)
    of_values = values(truth, truth + rng.normal(size=400) * np.where(frame["g"] == "a", 1, 3))

    found = [measured(each, frame).section["g"] for each in (of_classes, of_values)]

    mask = (frame["g"] == "b").to_numpy()
    for section, answers in zip(found, (of_classes, of_values), strict=True):
        alone = estimate(sample_of(rows_of(answers, mask)), resamples=0, confidence=0.95, seed=0)
        assert {m: section["b"][m]["value"] for m in alone} == pytest.approx({m: e.value for m, e in alone.items()})
    assert found[1]["a"]["rmse"]["high"] < found[1]["b"]["rmse"]["low"]


def test_a_numeric_slice_says_its_range_and_the_names_are_those_of_slice_names():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"age": rng.integers(0, 80, 300), "sex": rng.choice(["f", "m"], 300).tolist()})
    contract = Contract.model_validate({"columns": {"age": {"type": "integer"}, "sex": {"type": "string"}}})
    settings = Slices(bins={"age": (18.0,)}, pairs=(("age", "sex"),))
    groups = group_rows(frame, frame.lazy(), ["age", "sex"], contract, Features(), settings.bins)
    truth = rng.integers(0, 2, 300)

    found = slices(two_classes(truth, rng.random(300)), groups, ("age", "sex"), settings, METRICS, 0)

    assert found.section["age"]["bin1"]["range"] == "below 18"
    assert "range" not in found.section["sex"]["f"]
    assert slice_names(groups, ("age", "sex"), settings) == {name: tuple(s) for name, s in found.section.items()}


def test_what_is_left_out_is_said():
    frame = pl.DataFrame({"id": [f"row {i}" for i in range(40)], "g": ["a", "b"] * 20})

    found = measured(two_classes([0, 1] * 20, np.linspace(0, 1, 40)), frame)

    assert list(found.section) == ["g"]
    assert found.notes == ("slices: id has 40 values in 40 rows, too many for groups",)


def test_the_same_seed_gives_the_same_slices_in_any_order_of_columns():
    frame, truth, score = passengers()
    answers = two_classes(truth, score)
    one, other = measured(answers, frame), measured(answers, frame.select("cabin", "sex"))

    assert json.dumps(one.section, sort_keys=True) == json.dumps(other.section, sort_keys=True)
    assert measured(answers, frame, seed=2).section != one.section


def test_no_resamples_no_intervals():
    frame, truth, score = passengers(rows=100)

    found = measured(two_classes(truth, score), frame, metrics=Metrics(primary="roc_auc", bootstrap=0)).section

    assert {each["low"] for slice_ in found["sex"].values() for each in slice_.values() if isinstance(each, dict)} == {
        None
    }


def test_by_default_the_features_are_sliced_that_can_be():
    contract = Contract.model_validate(
        {
            "columns": {
                "x": {"type": "number"},
                "t": {"type": "datetime"},
                "y": {"type": "string"},
                "z": {"type": "number"},
            }
        }
    )
    data = Data(uri="table.csv", target="y")

    assert sliced_columns(Slices(), ["x", "t", "y", "gone"], contract, data) == ("x",)
    assert sliced_columns(Slices(bins={"z": (1.0,)}), ["x"], contract, data) == ("x", "z")
    assert sliced_columns(Slices(columns=("z",)), ["x"], contract, data) == ("z",)


def test_raw_columns_of_a_real_model_are_sliced(classifier):
    rng = np.random.default_rng(6)
    frame = pl.DataFrame({"x0": rng.normal(size=200), "y": rng.choice(["no.way", "yes we can"], 200).tolist()})
    frame = frame.with_columns(x0=pl.when(pl.int_range(200) < 20).then(None).otherwise(pl.col("x0")))
    model = classifier([[-1.0, 1.0]], ["no.way", "yes we can"])
    contract = Contract.model_validate(
        {"columns": {"x0": {"type": "number", "nullable": True}, "y": {"type": "string"}}}
    )
    known = frame.drop_nulls()

    answers = ask(model, known, "y")
    groups = group_rows(known, frame.lazy(), ["x0"], contract, Features(), {})
    found = slices(answers, groups, ("x0",), Slices(), METRICS, 0).section["x0"]

    assert list(found) == ["q1", "q2", "q3", "q4"]
    assert sum(each["rows"] for each in found.values()) == 180


@pytest.mark.parametrize("metric", ["accuracy", "rmse"])
def test_intervals_of_slices_cover_the_truth_about_as_often_as_they_say(metric):
    rng, covered = np.random.default_rng(8), []
    frame = pl.DataFrame({"g": ["a"] * 60 + ["b"] * 20})
    for run in range(200):
        if metric == "accuracy":
            truth = rng.integers(0, 2, 80)
            answers = two_classes(truth, np.where(rng.random(80) < 0.95, truth, 1 - truth) * 0.8 + 0.1)
            true = 0.95
        else:
            answers, true = values(np.zeros(80), rng.normal(size=80) * 2), 2.0
        found = measured(answers, frame, seed=run).section["g"]["a"][metric]
        covered.append(found["low"] <= true <= found["high"])

    # 95 % asked. Bootstrap intervals of an RMSE cover 91 % with 40 such rows, 93 % with 100 (2,000 runs of a plain
    # bootstrap); three standard errors of 200 runs are 5 to 6 %.
    assert 0.86 <= np.mean(covered) <= 0.995
