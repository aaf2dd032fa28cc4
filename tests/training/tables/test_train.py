"""Every kind of candidate on every kind of target: the graph answers as the fitted model, whatever is missing."""

import json

import numpy as np
import onnx
import polars as pl
import pytest

CLASSIFIERS = ["logistic_regression", "random_forest", "hist_gradient_boosting", "mlp"]
REGRESSORS = ["ridge", "random_forest", "hist_gradient_boosting", "mlp"]
CASES = [*((t, c) for t in ("binary", "three", "flag") for c in CLASSIFIERS), *(("price", c) for c in REGRESSORS)]


@pytest.fixture(scope="module")
def trained(houses, rows):
    """Each case trained once."""
    made = {}

    def get(target, candidate):
        if (target, candidate) not in made:
            made[target, candidate] = houses.fit(houses.config(target), candidate, rows[:300], rows[300:])
        return made[target, candidate]

    return get


@pytest.mark.parametrize(("target", "candidate"), CASES)
def test_parity_is_measured_on_all_validation_rows_and_more(trained, target, candidate):
    parity = trained(target, candidate).model.metadata["parity"]
    assert parity["max_difference"] <= 1e-5
    assert parity["labels_equal"] is True
    # five rows each: five missing features, two unknown categories, all missing, all unknown
    assert parity["rows"] == 100 + 5 * (5 + 2 + 2)


@pytest.mark.parametrize(("target", "candidate"), CASES)
def test_graph_has_one_input_per_raw_column_and_the_promised_outputs(trained, target, candidate):
    session = trained(target, candidate).model.session
    inputs = {i.name: (i.type, i.shape) for i in session.get_inputs()}
    number, text = ("tensor(float)", ["N", 1]), ("tensor(string)", ["N", 1])
    assert inputs == {"area": number, "rooms": number, "sunny": number, "colour": text, "zone": number}
    outputs = {o.name: (o.type, o.shape) for o in session.get_outputs()}
    label = ("tensor(string)" if target == "binary" else "tensor(int64)", ["N"])
    classes = 3 if target == "three" else 2
    if target == "price":
        assert outputs == {"prediction": ("tensor(float)", ["N", 1])}
    else:
        assert outputs == {"label": label, "probabilities": ("tensor(float)", ["N", classes])}


@pytest.mark.parametrize(("target", "candidate"), CASES)
def test_any_batch_gives_the_answers_of_single_rows(trained, rows, target, candidate):
    model = trained(target, candidate).model
    together = model.run(rows[300:310])
    for index in range(10):
        alone = model.run(rows[300 + index : 301 + index])
        for name, values in alone.items():
            if values.dtype == np.float32:
                np.testing.assert_allclose(values[0], together[name][index], rtol=1e-6)
            else:
                assert values[0] == together[name][index]


@pytest.mark.parametrize(("target", "candidate"), CASES)
def test_model_has_learned_something(trained, rows, target, candidate):
    model, held_out = trained(target, candidate).model, rows[300:]
    answer = model.run(held_out)
    if target == "price":
        assert np.corrcoef(np.log(np.abs(answer["prediction"][:, 0]) + 1), np.log(held_out[target]))[0, 1] > 0.4
    else:
        assert (answer["label"] == held_out[target].to_numpy()).mean() > 0.55
        np.testing.assert_allclose(answer["probabilities"].sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("candidate", CLASSIFIERS)
def test_labels_are_the_most_probable_class_in_the_cards_order(trained, rows, candidate):
    model = trained("three", candidate).model
    assert model.metadata["classes"] == [1, 2, 3]
    answer = model.run(rows)
    assert (answer["label"] == np.array([1, 2, 3])[answer["probabilities"].argmax(axis=1)]).all()


def test_boolean_target_has_boolean_classes_and_labels_0_and_1(trained, rows):
    model = trained("flag", "logistic_regression").model
    assert model.metadata["classes"] == [False, True]
    assert model.metadata["positive"] is True
    assert set(model.run(rows)["label"].tolist()) == {0, 1}


def test_card_says_what_the_model_is_and_how_it_was_made(trained):
    metadata = trained("binary", "random_forest").model.metadata
    assert json.loads(json.dumps(metadata, allow_nan=False)) == metadata
    assert (metadata["name"], metadata["candidate"], metadata["type"]) == ("random_forest",) * 3
    assert metadata["params"] == {"n_estimators": 9, "max_depth": 6}
    assert metadata["rows"] == {"train": 300, "validation": 100}
    assert metadata["cv"]["metric"] == "log_loss"
    assert metadata["cv"]["mean"] == pytest.approx(np.mean(metadata["cv"]["folds"]))
    assert {"scikit-learn", "torch", "onnx", "onnxruntime", "numpy", "python"} <= set(metadata["versions"])


def test_logistic_regression_equals_a_pipeline_of_scikit_learn(trained, rows):
    """An oracle that shares no code with ours: the same recipe from scikit-learn's own parts."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [pl.col(name).cast(pl.Float32).cast(pl.Float64) for name in ("area", "rooms", "sunny", "zone")]
    frame = rows.select(*numbers, pl.col("colour").fill_null("")).to_pandas()
    numeric, indicated = ["area", "rooms", "sunny"], ["area", "sunny"]
    recipe = make_pipeline(
        ColumnTransformer(
            [
                ("scaled", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
                ("missing", MissingIndicator(), indicated),
                ("one_hot", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["colour", "zone"]),
            ]
        ),
        LogisticRegression(C=0.5, max_iter=1000),
    ).fit(frame[:300], rows["binary"][:300].to_numpy())
    ours = trained("binary", "logistic_regression").model.run(rows)["probabilities"]
    np.testing.assert_allclose(ours, recipe.predict_proba(frame), atol=2e-4)


def test_file_explains_itself(trained, tmp_path):
    from switchyard.model.onnx_model import OnnxModel

    model = trained("three", "mlp").model
    (tmp_path / "model.onnx").write_bytes(model.content)
    metadata = OnnxModel.load(tmp_path / "model.onnx").metadata
    assert metadata.items() <= model.metadata.items()
    assert {"name", "task", "inputs", "classes", "positive", "type", "params", "target"} <= set(metadata)
    onnx.checker.check_model(onnx.load_model_from_string(model.content), full_check=True)
