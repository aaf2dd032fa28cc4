"""Fitted learners as ONNX nodes: encoded matrix in, answer out, all in float64 (but the sums of trees are rounded)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Task
from switchyard.model.graph import Graph
from switchyard.training.tables.learners import Learner
from switchyard.training.tables.mlp import LIMIT, Mlp
from switchyard.training.tables.onnx.trees import boosted_trees, forest_trees, write_trees

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge


def write_learner(graph: Graph, learner: Learner, task: Task, matrix: str) -> str:
    """Add the nodes of a fitted learner.

    Returns:
        The name of the probabilities (N, classes), or of the predicted values (N, 1).
    """
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )

    if isinstance(learner, Mlp):
        return _mlp(graph, learner, task, matrix)
    if isinstance(learner, (RandomForestClassifier, RandomForestRegressor)):
        return write_trees(graph, matrix, forest_trees(learner), average=True)
    boosting = isinstance(learner, (HistGradientBoostingClassifier, HistGradientBoostingRegressor))
    scores = _boosting(graph, learner, matrix) if boosting else _linear_model(graph, learner, matrix)
    return scores if task == "regression" else _link(graph, scores, len(learner.classes_))


def _boosting(
    graph: Graph, learner: HistGradientBoostingClassifier | HistGradientBoostingRegressor, matrix: str
) -> str:
    return write_trees(graph, matrix, boosted_trees(learner), base=np.ravel(learner._baseline_prediction))


def _linear_model(graph: Graph, learner: LogisticRegression | Ridge, matrix: str) -> str:
    weights = np.atleast_2d(learner.coef_).T
    return _linear(graph, matrix, weights, np.broadcast_to(learner.intercept_, (weights.shape[1],)))


def _linear(graph: Graph, matrix: str, weights: np.ndarray, bias: np.ndarray) -> str:
    product = graph.add("MatMul", matrix, graph.constant(weights))
    return graph.add("Add", product, graph.constant(bias.reshape(1, -1)))


def _link(graph: Graph, scores: str, classes: int) -> str:
    """Scores to probabilities: two classes share one score, more have one each."""
    if classes > 2:
        return graph.add("Softmax", scores, axis=1)
    second = graph.add("Sigmoid", scores)
    return graph.concat([graph.add("Sub", graph.constant(np.array([[1.0]])), second), second])


def _mlp(graph: Graph, learner: Mlp, task: Task, matrix: str) -> str:
    *hidden, last = learner.layers_of_weights()
    matrix = graph.add("Clip", matrix, graph.constant(np.array(-LIMIT)), graph.constant(np.array(LIMIT)))
    for weights, bias in hidden:
        matrix = graph.add("Relu", _linear(graph, matrix, weights, bias))
    scores = _linear(graph, matrix, *last)
    if task == "classification":
        return graph.add("Softmax", scores, axis=1)
    scaled = graph.add("Mul", scores, graph.constant(np.array([[learner.scale_]])))
    return graph.add("Add", scaled, graph.constant(np.array([[learner.mean_]])))
