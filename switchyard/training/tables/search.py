"""Hyperparameter search: Optuna's TPE, seeded, so that the same config finds the same parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from switchyard.config.sections import Candidate, Scalar, Space
from switchyard.errors import SwitchyardError
from switchyard.statistics.metrics import LOWER_IS_BETTER
from switchyard.training.tables.cross_validation import DivergedError

if TYPE_CHECKING:
    import optuna

Score = Callable[[Mapping[str, Scalar]], list[float]]


@dataclass(frozen=True)
class Found:
    """What a search came to.

    Attributes:
        params: The best hyperparameters, the fixed ones included.
        folds: Their score on each fold.
        history: One dict per trial: `number`, `params`, `score` (mean over folds; None if the learner
            diverged), `folds`, `seconds`, and `repeats`, the number of an earlier trial with the same
            parameters (not run again) or None.
    """

    params: dict[str, Scalar]
    folds: list[float]
    history: list[dict[str, Any]]


def find(candidate: Candidate, score: Score, *, metric: str, trials: int, seed: int) -> Found:
    """Ask, score, tell; without search spaces there is one trial.

    Raises:
        SwitchyardError: The learner diverged in every trial.
    """
    history: list[dict[str, Any]] = []
    if not candidate.search:
        history.append(_trial(0, dict(candidate.params), score))
    else:
        study = _study(metric, seed)
        for _ in range(trials):
            asked = study.ask()
            params = {**candidate.params, **{key: suggest(asked, key, s) for key, s in candidate.search.items()}}
            earlier = next((t for t in history if t["params"] == params), None)
            trial = _trial(asked.number, params, score) if earlier is None else _repeat(asked.number, earlier)
            history.append(trial)
            _tell(study, asked, trial["score"])
    finished = [trial for trial in history if trial["score"] is not None]
    if not finished:
        raise SwitchyardError(
            f"{candidate.type} answers NaN or infinity in each of {len(history)} trials: lower its learning_rate"
        )
    best = (min if metric in LOWER_IS_BETTER else max)(finished, key=lambda trial: trial["score"])
    return Found(best["params"], best["folds"], history)


def suggest(trial: optuna.Trial, key: str, space: Space) -> Scalar:
    """One value of a search space."""
    if space.choices is not None:
        return space.choices[trial.suggest_categorical(key, range(len(space.choices)))]
    assert space.low is not None and space.high is not None  # the config made sure
    if space.integer:
        return trial.suggest_int(key, int(space.low), int(space.high), log=space.log)
    return trial.suggest_float(key, space.low, space.high, log=space.log)


def _study(metric: str, seed: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    direction: Literal["minimize", "maximize"] = "minimize" if metric in LOWER_IS_BETTER else "maximize"
    return optuna.create_study(direction=direction, sampler=optuna.samplers.TPESampler(seed=seed))


def _tell(study: optuna.Study, asked: optuna.Trial, score: float | None) -> None:
    import optuna

    if score is None:
        study.tell(asked, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(asked, score)


def _trial(number: int, params: dict[str, Scalar], score: Score) -> dict[str, Any]:
    start = perf_counter()
    try:
        folds = score(params)
    except DivergedError:
        folds = []
    seconds = perf_counter() - start
    mean = float(np.mean(folds)) if folds else None
    return {"number": number, "params": params, "score": mean, "folds": folds, "seconds": seconds, "repeats": None}


def _repeat(number: int, earlier: dict[str, Any]) -> dict[str, Any]:
    return {**earlier, "number": number, "seconds": 0.0, "repeats": earlier["number"]}
