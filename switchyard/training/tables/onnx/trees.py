"""Tree ensembles as one ONNX TreeEnsembleRegressor, thresholds and leaf sums in float64.

scikit-learn compares float32 rows with float64 thresholds; doing the same sends each row into the same leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.model.graph import ML_DOMAIN, Graph

if TYPE_CHECKING:
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.tree._tree import Tree as SklearnTree


@dataclass(frozen=True)
class Tree:
    """One tree as arrays over its nodes.

    Attributes:
        feature: The column that a node asks for.
        threshold: Rows with a value up to this go left.
        left: The left child's node number.
        right: The right child's.
        missing_left: Whether NaN goes left.
        leaf: Whether the node is a leaf.
        values: What each leaf adds to each target, (nodes, targets).
        first_target: The target of the first column of `values`.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    leaf: np.ndarray
    values: np.ndarray
    first_target: int = 0


def forest_trees(forest: RandomForestClassifier | RandomForestRegressor) -> list[Tree]:
    """The trees of a fitted RandomForestClassifier (leaf values are class shares) or -Regressor."""
    return [_forest_tree(estimator.tree_) for estimator in forest.estimators_]


def _forest_tree(tree: SklearnTree) -> Tree:
    leaf = tree.children_left < 0
    return Tree(
        feature=np.where(leaf, 0, tree.feature),
        threshold=np.where(leaf, 0.0, tree.threshold),
        left=np.where(leaf, 0, tree.children_left),
        right=np.where(leaf, 0, tree.children_right),
        missing_left=np.asarray(tree.missing_go_to_left, dtype=bool) & ~leaf,
        leaf=leaf,
        values=tree.value[:, 0, :],
    )


def boosted_trees(boosting: HistGradientBoostingClassifier | HistGradientBoostingRegressor) -> list[Tree]:
    """The trees of a fitted HistGradientBoostingClassifier or -Regressor, iteration by iteration."""
    return [_boosted_tree(p.nodes, target) for stage in boosting._predictors for target, p in enumerate(stage)]


def _boosted_tree(nodes: np.ndarray, target: int) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=np.where(leaf, 0, nodes["feature_idx"]),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, 0, nodes["left"]),
        right=np.where(leaf, 0, nodes["right"]),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        leaf=leaf,
        values=nodes["value"].reshape(-1, 1),
        first_target=target,
    )


def write_trees(
    graph: Graph, matrix: str, trees: list[Tree], *, average: bool = False, base: np.ndarray | None = None
) -> str:
    """Add the ensemble; returns the float64 name of the sums (or averages) plus base, (N, targets)."""
    from onnx import TensorProto, numpy_helper

    if base is not None:
        base_values = {"base_values_as_tensor": numpy_helper.from_array(base.astype(np.float64), "base")}
    else:
        base_values = {}
    scores = graph.add(
        "TreeEnsembleRegressor",
        matrix,
        domain=ML_DOMAIN,
        aggregate_function="AVERAGE" if average else "SUM",
        n_targets=max(tree.first_target + tree.values.shape[1] for tree in trees),
        post_transform="NONE",
        **base_values,
        **_node_attributes(trees),
        **_leaf_attributes(trees),
    )
    return graph.cast(scores, TensorProto.DOUBLE)


def _node_attributes(trees: list[Tree]) -> dict[str, Any]:
    from onnx import numpy_helper

    leaf = _joined(tree.leaf for tree in trees)
    return {
        "nodes_treeids": _joined(np.full(len(tree.leaf), number) for number, tree in enumerate(trees)).tolist(),
        "nodes_nodeids": _joined(np.arange(len(tree.leaf)) for tree in trees).tolist(),
        "nodes_featureids": _joined(tree.feature for tree in trees).tolist(),
        "nodes_values_as_tensor": numpy_helper.from_array(_joined(tree.threshold for tree in trees), "thresholds"),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": _joined(tree.left for tree in trees).tolist(),
        "nodes_falsenodeids": _joined(tree.right for tree in trees).tolist(),
        "nodes_missing_value_tracks_true": _joined(tree.missing_left for tree in trees).astype(int).tolist(),
    }


def _leaf_attributes(trees: list[Tree]) -> dict[str, Any]:
    from onnx import numpy_helper

    kept = [_weights(tree) for tree in trees]
    return {
        "target_treeids": _joined(np.full(len(nodes), number) for number, (nodes, _) in enumerate(kept)).tolist(),
        "target_nodeids": _joined(nodes for nodes, _ in kept).tolist(),
        "target_ids": _joined(t.first_target + ids for t, (_, ids) in zip(trees, kept, strict=True)).tolist(),
        "target_weights_as_tensor": numpy_helper.from_array(
            _joined(t.values[nodes, ids] for t, (nodes, ids) in zip(trees, kept, strict=True)), "weights"
        ),
    }


def _weights(tree: Tree) -> tuple[np.ndarray, np.ndarray]:
    """Node and column of each weight; zeros are left out, but every leaf keeps one."""
    kept = tree.values != 0
    kept[:, 0] = True
    kept[~tree.leaf] = False
    nodes, columns = np.nonzero(kept)
    return nodes, columns


def _joined(arrays: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(arrays))
