"""Fitted learners as ONNX nodes: the encoded matrix in, scores out, all in float64 (trees: float32 sums of float64)."""

from __future__ import annotations

from typing import Any

import numpy as np

from switchyard.config import CandidateType, Task
from switchyard.models.graph import Graph
from switchyard.models.trees import boosted_trees, forest_trees, write_trees


def write_learner(graph: Graph, kind: CandidateType, learner: Any, task: Task, matrix: str) -> str:
    """Add the nodes of a fitted learner.

    Returns:
        The name of the probabilities (N, classes), or of the predicted values (N, 1).
    """
    if kind == "mlp":
        return _mlp(graph, learner, task, matrix)
    if kind == "random_forest":
        return write_trees(graph, matrix, forest_trees(learner), average=True)
    if kind == "hist_gradient_boosting":
        scores = write_trees(graph, matrix, boosted_trees(learner), base=np.ravel(learner._baseline_prediction))
        return scores if task == "regression" else _link(graph, scores, len(learner.classes_))
    coefficients = np.atleast_2d(learner.coef_).T
    intercept = np.broadcast_to(learner.intercept_, (coefficients.shape[1],))
    scores = _linear(graph, matrix, coefficients, intercept)
    return scores if task == "regression" else _link(graph, scores, len(learner.classes_))


def _linear(graph: Graph, matrix: str, weights: np.ndarray, bias: np.ndarray) -> str:
    product = graph.add("MatMul", matrix, graph.constant(weights))
    return graph.add("Add", product, graph.constant(bias.reshape(1, -1)))


def _link(graph: Graph, scores: str, classes: int) -> str:
    """Scores to probabilities: two classes share one score, more have one each."""
    if classes > 2:
        return graph.add("Softmax", scores, axis=1)
    second = graph.add("Sigmoid", scores)
    return graph.concat([graph.add("Sub", graph.constant(np.array([[1.0]])), second), second])


def _mlp(graph: Graph, learner: Any, task: Task, matrix: str) -> str:
    *hidden, last = learner.layers_of_weights()
    for weights, bias in hidden:
        matrix = graph.add("Relu", _linear(graph, matrix, weights, bias))
    scores = _linear(graph, matrix, *last)
    if task == "classification":
        return graph.add("Softmax", scores, axis=1)
    scaled = graph.add("Mul", scores, graph.constant(np.array([[learner.scale_]])))
    return graph.add("Add", scaled, graph.constant(np.array([[learner.mean_]])))
