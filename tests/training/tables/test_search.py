"""The search: reproducible, within its budget, the better score wins whichever way it points."""

import numpy as np
import pytest

from switchyard.config.sections import Candidate
from switchyard.errors import SwitchyardError
from switchyard.training.tables.cross_validation import DivergedError
from switchyard.training.tables.search import find

SPACE = {"C": {"low": 0.01, "high": 100.0, "log": True}}


def run(score, *, trials=12, seed=1, metric="roc_auc", search=SPACE, params=None):
    candidate = Candidate.model_validate({"type": "logistic_regression", "params": params or {}, "search": search})
    return find(candidate, score, metric=metric, trials=trials, seed=seed)


def near_ten(params):
    return [-abs(params["C"] - 10), -abs(params["C"] - 10) - 1]


def without_times(history):
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in history]


def test_same_seed_same_trials_and_another_seed_others():
    first, again, other = run(near_ten), run(near_ten), run(near_ten, seed=2)
    assert without_times(first.history) == without_times(again.history)
    assert without_times(first.history) != without_times(other.history)


def test_best_trial_wins_and_keeps_fixed_parameters():
    found = run(near_ten, params={"max_iter": 50})
    best = max(found.history, key=lambda trial: trial["score"])
    assert found.params == best["params"]
    assert found.params["max_iter"] == 50
    assert found.folds == near_ten(found.params)
    assert best["score"] == pytest.approx(sum(found.folds) / 2)


@pytest.mark.parametrize("metric", ["log_loss", "brier", "rmse", "mae"])
def test_losses_are_minimised(metric):
    found = run(lambda params: [params["C"]], metric=metric, trials=30)
    tried = [trial["params"]["C"] for trial in found.history]
    assert found.params["C"] == min(tried)
    assert sorted(tried[-10:])[5] < 0.1  # of 0.01 to 100: the sampler knows, too


def test_without_spaces_there_is_one_trial():
    asked = []
    found = run(lambda params: asked.append(dict(params)) or [0.5], search={}, params={"C": 3.0})
    assert asked == [{"C": 3.0}]
    assert [trial["number"] for trial in found.history] == [0]


def test_same_parameters_are_not_scored_twice():
    asked = []
    found = run(lambda p: asked.append(p["C"]) or [p["C"]], search={"C": {"choices": (1.0, 2.0)}})
    assert sorted(asked) == [1.0, 2.0]
    assert len(found.history) == 12
    for trial in found.history:
        if trial["repeats"] is not None:
            assert trial["params"] == found.history[trial["repeats"]]["params"]
            assert trial["folds"] == found.history[trial["repeats"]]["folds"]


def test_integers_and_choices_keep_their_types():
    search = {"C": {"low": 1, "high": 9, "integer": True}, "class_weight": {"choices": ("balanced", 3, True)}}
    found = run(lambda params: [params["C"]], search=search)
    assert {type(trial["params"]["C"]) for trial in found.history} == {int}
    assert {type(trial["params"]["class_weight"]) for trial in found.history} <= {str, int, bool}


def test_training_twice_finds_the_same(houses, rows):
    candidate = Candidate.model_validate({"type": "logistic_regression", "search": SPACE})
    first, second = (houses.fit(houses.config(), candidate, rows[:300], rows[300:]) for _ in range(2))
    assert without_times(first.history) == without_times(second.history)
    assert first.model.content == second.model.content
    assert len(first.history) == 3
    assert first.model.metadata["cv"]["mean"] == min(trial["score"] for trial in first.history)


def test_search_metric_goes_before_the_primary_one(houses, rows):
    use_case = houses.config(search={"trials": 1, "folds": 3, "metric": "accuracy"})
    cv = houses.fit(use_case, "logistic_regression", rows[:300], rows[300:]).model.metadata["cv"]
    assert cv["metric"] == "accuracy"
    assert 0.5 < cv["mean"] < 1


def test_a_trial_that_diverges_is_recorded_and_not_chosen():
    def only_small(params):
        if params["C"] > 1:
            raise DivergedError
        return [params["C"]]

    found = run(only_small)
    failed = [trial for trial in found.history if trial["score"] is None]
    assert failed
    assert all(trial["params"]["C"] > 1 and trial["folds"] == [] for trial in failed)
    assert found.params["C"] <= 1


def test_a_learner_that_always_diverges_is_one_sentence(houses, rows, monkeypatch):
    from switchyard.training.tables.mlp import Mlp

    honest = Mlp.predict
    monkeypatch.setattr(Mlp, "predict", lambda self, matrix: honest(self, matrix) * np.inf)
    with pytest.raises(
        SwitchyardError, match="mlp answers NaN or infinity in each of 1 trials: lower its learning_rate"
    ):
        houses.fit(houses.config("price"), "mlp", rows[:300], rows[300:])
