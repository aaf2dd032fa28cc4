"""The score of one set of hyperparameters: fitted and measured on each fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.features import Feature
from switchyard.errors import InputError
from switchyard.statistics import metrics as definitions
from switchyard.statistics.bootstrap import estimate
from switchyard.training.tables.encoder import fit_encoder
from switchyard.training.tables.fitted import fit_learner
from switchyard.training.tables.folds import Fold
from switchyard.training.tables.learners import Learner
from switchyard.training.tables.target import Target

if TYPE_CHECKING:
    import polars as pl


class DivergedError(Exception):
    """A learner answers NaN or infinity: these hyperparameters are none to choose."""


@dataclass(frozen=True)
class EncodedFold:
    """The matrices of one fold; the encoder was fitted to its learning rows only."""

    learn: np.ndarray
    learn_target: np.ndarray
    score: np.ndarray
    score_target: np.ndarray


def encode_folds(
    frame: pl.DataFrame, features: tuple[Feature, ...], target: Target, folds: list[Fold], standardise: bool
) -> list[EncodedFold]:
    """Every fold's matrices, made once for all trials."""
    codes = target.encode(frame)
    encoded = []
    for learn, score in folds:
        encoder = fit_encoder(frame[learn], features, standardise)
        encoded.append(
            EncodedFold(encoder.transform(frame[learn]), codes[learn], encoder.transform(frame[score]), codes[score])
        )
    return encoded


def cross_validate(learner: Learner, folds: list[EncodedFold], target: Target, metric: str) -> list[float]:
    """The metric on each fold; the learner is fitted anew for each.

    Raises:
        InputError: The metric has no value on a fold, because a class is missing there.
        DivergedError: The learner answers NaN or infinity.
    """
    scores = []
    for number, fold in enumerate(folds, start=1):
        if target.task == "classification" and len(np.unique(fold.learn_target)) < 2:
            raise InputError(
                f"fold {number} of {len(folds)} learns from one class of {target.name!r} only: lower search.folds"
            )
        fitted = fit_learner(learner, fold.learn, fold.learn_target)
        value = _measure(fitted, fold, target, metric)
        if value is None:
            raise InputError(
                f"{metric} has no value on the {len(fold.score_target)} rows of fold {number} of {len(folds)} "
                f"(a class of {target.name!r} is missing there): lower search.folds, or choose another search.metric"
            )
        scores.append(value)
    return scores


def _measure(fitted: Learner, fold: EncodedFold, target: Target, metric: str) -> float | None:
    """The same definitions as in evaluation, so that search and gates speak of one thing."""
    sample = _sample(fitted, fold, target)
    return estimate(sample, resamples=0, confidence=0.95, seed=0)[metric].value


def _sample(fitted: Learner, fold: EncodedFold, target: Target) -> definitions.Sample:
    if target.task == "regression":
        return definitions.regression(fold.score_target, _finite(fitted.predict(fold.score)))
    # A fold may lack a rare class: its column is then zero.
    probabilities = np.zeros((len(fold.score), len(target.classes)))
    probabilities[:, fitted.classes_] = _finite(fitted.predict_proba(fold.score))
    predicted = probabilities.argmax(axis=1)
    return definitions.classification(fold.score_target, probabilities, predicted, target.positive_position)


def _finite(answers: np.ndarray) -> np.ndarray:
    if not np.isfinite(answers).all():
        raise DivergedError
    return answers
