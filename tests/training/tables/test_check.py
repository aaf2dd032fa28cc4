"""What is refused before anything is read or fitted, and that the sentence names the key."""

import subprocess
import sys

import pytest

from switchyard.errors import InputError
from switchyard.training.tables.check import check_candidates


def test_a_sound_config_passes(houses):
    for target in ("binary", "three", "flag", "price"):
        check_candidates(houses.config(target))


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ({"type": "ridge"}, r"candidates\.it\.type is ridge, which cannot learn a classification: .*random_forest"),
        (
            {"type": "random_forest", "params": {"trees": 3}},
            r"candidates\.it\.params\.trees is unknown to random_forest: it takes n_estimators, ",
        ),
        (
            {"type": "mlp", "search": {"width": {"choices": (1, 2)}}},
            r"candidates\.it\.search\.width is unknown to mlp: it takes hidden, layers, ",
        ),
        (
            {"type": "logistic_regression", "params": {"C": -1.0}},
            r"candidates\.it\.params\.C cannot be -1\.0: The 'C' parameter .* must be a float in the range",
        ),
        (
            {"type": "random_forest", "search": {"max_depth": {"low": 0, "high": 5, "integer": True}}},
            r"candidates\.it\.search\.max_depth cannot be 0: The 'max_depth' parameter",
        ),
        (
            {"type": "random_forest", "search": {"max_depth": {"low": 2, "high": 5}}},
            r"candidates\.it\.search\.max_depth cannot be 2\.0: .*add integer: true",
        ),
        (
            {"type": "random_forest", "search": {"max_depth": {"low": 2, "high": 5.5, "integer": True}}},
            r"candidates\.it\.search\.max_depth has integer: true, but its bounds 2 and 5\.5 are not integers",
        ),
        (
            {"type": "random_forest", "search": {"criterion": {"choices": ("gini", "geany")}}},
            r"candidates\.it\.search\.criterion cannot be 'geany': ",
        ),
        (
            {"type": "mlp", "params": {"hidden": 0}},
            r"candidates\.it\.params\.hidden cannot be 0: .*an int from 1 to 4096",
        ),
        ({"type": "mlp", "params": {"dropout": "much"}}, r"candidates\.it\.params\.dropout cannot be 'much'"),
        ({"type": "mlp", "params": {"epochs": True}}, r"candidates\.it\.params\.epochs cannot be True"),
        (
            {"type": "mlp", "params": {"hidden": 8}, "search": {"hidden": {"choices": (1, 2)}}},
            r"candidates\.it\.search\.hidden is fixed by candidates\.it\.params\.hidden as well",
        ),
    ],
)
def test_an_impossible_candidate_is_one_sentence(houses, candidate, message):
    with pytest.raises(InputError, match=message):
        check_candidates(houses.config(candidates={"it": candidate}))


@pytest.mark.parametrize(
    ("target", "sections", "message"),
    [
        ("price", {"candidates": {"it": {"type": "logistic_regression"}}}, "which cannot learn a regression"),
        (
            "price",
            {"candidates": {"it": {"type": "random_forest", "params": {"class_weight": "balanced"}}}},
            "class_weight is unknown to random_forest",
        ),
        ("price", {"metrics": {"primary": "roc_auc"}}, r"metrics\.primary is 'roc_auc', .*one of rmse, mae, r2"),
        (
            "binary",
            {"search": {"metric": "rmse"}},
            r"search\.metric is 'rmse', but must be a metric for classification: one of accuracy",
        ),
        ("binary", {"features": {"numeric": ("nothing",)}}, r"features\.numeric names 'nothing'"),
        ("binary", {"data": {"uri": "x", "target": "price2"}}, r"data\.target is 'price2', which is not in contract"),
        (
            "binary",
            {"data": {"uri": "x", "target": "area"}, "features": {}},
            r"contract\.columns\.area\.type is number, but the target of a classification is one of string, integer",
        ),
    ],
)
def test_what_does_not_fit_the_task_is_one_sentence(houses, target, sections, message):
    with pytest.raises(InputError, match=message):
        check_candidates(houses.config(target, **sections))


def test_neither_the_check_nor_the_import_of_training_loads_torch():
    script = (
        "import sys, switchyard.training.tables.train, switchyard.training.tables.check\n"
        "slow = {'torch', 'sklearn', 'onnx', 'onnxruntime', 'optuna', 'polars', 'scipy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
        "from switchyard.training.tables.learners import KINDS\n"
        "KINDS['mlp'].build('classification', {}, 0, 1)._validate_params()\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_what_a_learner_refuses_only_when_it_sees_the_rows_is_one_sentence(houses, rows):
    candidate = {"type": "random_forest", "params": {"n_estimators": 3, "bootstrap": False, "max_samples": 0.5}}
    use_case = houses.config(candidates={"it": candidate})
    check_candidates(use_case)
    with pytest.raises(InputError, match=r"RandomForestClassifier cannot learn from \d+ rows: .*`bootstrap=False`"):
        houses.fit(use_case, "it", rows[:300], rows[300:])
