"""Answers of models that do not exist, so that the truth about them is known."""

import numpy as np

from switchyard.evaluation.scoring import Answers


def two_classes(truth, score, classes=("no", "yes"), positive=1, cut=0.5):
    """Of two classes, the second being positive by default: `score` is the probability of the second one."""
    truth, score = np.asarray(truth, int), np.asarray(score, float)
    return Answers(truth, (score >= cut).astype(int), np.column_stack([1 - score, score]), classes, positive)


def several_classes(truth, probabilities):
    probabilities = np.asarray(probabilities, float)
    classes = tuple("abcdefgh"[: probabilities.shape[1]])
    return Answers(np.asarray(truth, int), probabilities.argmax(axis=1), probabilities, classes)


def values(truth, predicted):
    return Answers(np.asarray(truth, float), np.asarray(predicted, float), np.empty((len(truth), 0)))


def rows_of(answers, rows):
    """Some of the rows, as a plain computation has them."""
    return Answers(
        answers.truth[rows], answers.predicted[rows], answers.probabilities[rows], answers.classes, answers.positive
    )
