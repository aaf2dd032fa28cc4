"""Reports with every section, written by hand: what the page and the gates have to cope with."""

from __future__ import annotations

import copy
from typing import Any


def estimate(value: float | None, spread: float = 0.04, n: int = 262) -> dict[str, Any]:
    if value is None:
        return {"value": None, "low": None, "high": None, "n": n}
    return {"value": value, "low": value - spread, "high": value + spread, "n": n}


def classification() -> dict[str, Any]:
    """Two classes, all sections."""
    metrics = {name: estimate(value) for name, value in _SCORES.items()}
    report = {
        "name": "titanic",
        "task": "classification",
        "unit": "row",
        "best": "boosting",
        "selection": {"metric": "roc_auc", "higher_is_better": True, "confidence": 0.95, "resamples": 1000},
        "data": {
            "target": "survived",
            "rows": {"validation": 262, "test": 262},
            "source": {"uri": "data/titanic.csv", "fingerprint": "8d2f" * 16},
            "classes": ["died", "survived"],
            "positive": "survived",
            "class_counts": [162, 100],
            "unseen_labels": {},
        },
        "candidates": [_candidate(name, metrics) for name in ("logistic", "boosting")],
        "test": {
            "metrics": metrics,
            "latency_ms": {"p50": 0.02, "p95": 0.03, "p99": 0.05},
            "confusion": [[140, 22], [31, 69]],
            "roc": {"survived": {"fpr": [0.0, 0.1, 0.4, 1.0], "tpr": [0.0, 0.6, 0.85, 1.0]}},
            "pr": {"survived": {"recall": [0.0, 0.6, 0.85, 1.0], "precision": [1.0, 0.9, 0.7, 0.38]}},
        },
        "undefined": {},
        "warnings": [],
        "slices": {
            "sex": {"female": _slice(93, 0.81, 0.1), "male": _slice(169, 0.64, 0.08)},
            "age": {
                "q1": _slice(60, 0.88, 0.08, range="0.2 to 21"),
                "q2": _slice(58, 0.83, 0.1, range="21 to 28"),
                "missing": _slice(12, 0.5, 0.4, small=True),
            },
            "sex*pclass": {"female*1st": _slice(29, None, 0.0, small=True), "male*3rd": _slice(98, 0.6, 0.12)},
        },
        "calibration": {"ece": estimate(0.061, 0.02), "bins": _BINS, "class": "survived"},
        "thresholds": {
            "rows": [_threshold(step / 20) for step in range(1, 20)],
            "lowest_cost": {"threshold": 0.4, "cost": 0.18},
            "default": {"threshold": 0.5, "cost": 0.202},
            "costs": {"false_positive": 1.0, "false_negative": 1.0, "true_positive": 0.0, "true_negative": 0.0},
        },
        "fairness": {
            "sex": {
                "groups": {"female": _group(93, 0.7, 0.9), "male": _group(169, 0.11, 0.35)},
                "selection_rate_difference": estimate(0.59, 0.1),
                "equal_opportunity_difference": estimate(0.55, 0.15),
            }
        },
        "importances": {"sex": estimate(0.24), "age": estimate(0.05, 0.03), "parch": estimate(-0.002, 0.01)},
        "explanations": {
            "method": "exact",
            "background": 100,
            "base": 0.38,
            "rows": [_explained(0.92), _explained(0.1)],
        },
        "robustness": {
            "missing": _perturbed("missing values", "roc_auc", 0.03),
            "noise": _perturbed("noise on numbers", "roc_auc", 0.001),
        },
        "stability": {
            "seeds": [1, 2, 3],
            "metric": "roc_auc",
            "values": [0.841, 0.846, 0.85],
            **{"mean": 0.8457, "std": 0.0045, "low": 0.841, "high": 0.85},
        },
        "training": {"seconds": 4.2, "peak_memory_mb": 310.0, "rows": 785},
        "expectations": [
            {
                **{"name": "older is no safer", "kind": "directional", "passed": False, "rows": 262, "violated": 3},
                **{"measured": 0.021, "asked": "<= 0.0", "example": _BROKEN},
            },
            {
                **{"name": "a lady in first class", "kind": "row", "passed": True, "rows": 1, "violated": 0},
                **{"measured": "survived", "asked": "survived", "example": None},
            },
        ],
        "contract": {"rows": 1309, "columns": 7, "checks": 31, "failed": 0, "compared": 7, "unchecked": 0},
    }
    return with_gated(report)


def regression() -> dict[str, Any]:
    """A number, all sections."""
    report = copy.deepcopy(classification())
    for section in ("calibration", "thresholds", "fairness", "gated"):
        del report[section]
    metrics = {"rmse": estimate(540.0, 25.0), "mae": estimate(275.0, 9.0), "r2": estimate(0.981, 0.002)}
    report |= {"name": "diamonds", "task": "regression"}
    report["selection"] |= {"metric": "rmse", "higher_is_better": False}
    report["data"] = {
        "target": "price",
        "rows": {"validation": 10788, "test": 10788},
        "source": {"uri": "data/diamonds.parquet"},
        "target_range": {"min": 326.0, "median": 2401.0, "mean": 3932.8, "max": 18823.0},
    }
    report["candidates"] = [_candidate(name, metrics) for name in ("ridge", "boosting")]
    truth = [326.0 + 180 * step for step in range(100)]
    edges = [-1500.0 + 100 * step for step in range(31)]
    report["test"] = {
        "metrics": metrics,
        "latency_ms": {"p50": 0.02, "p95": 0.03, "p99": 0.05},
        "residuals": {
            "mean": 2.0,
            "std": 540.0,
            "quantiles": {"min": -7000.0, "median": 3.0, "max": 8000.0},
            "histogram": {
                "edges": edges,
                "counts": [int(1000 / (1 + ((edge + 50) / 200) ** 2)) for edge in edges[:-1]],
            },
            "sample": {"true": truth, "predicted": [value * 0.97 + 40 for value in truth]},
        },
    }
    slices = {"Fair": (321, 720.0), "Good": (981, 590.0), "Ideal": (4310, 490.0)}
    report["slices"] = {
        "cut": {
            name: {
                "rows": rows,
                "small": False,
                "rmse": estimate(rmse, 40.0, rows),
                "mae": estimate(rmse / 2, 20, rows),
            }
            for name, (rows, rmse) in slices.items()
        }
    }
    low = [326.0, 640.0, 830.0, 1090.0, 1700.0, 2400.0, 3460.0, 4660.0, 6300.0, 9820.0]
    report["deciles"] = [
        {"low": at, "high": at * 1.3, "n": 1079, "mae": at / 12, "rmse": at / 8, "bias": (2400 - at) / 100}
        for at in low
    ]
    report["robustness"] = {"noise": _perturbed("noise on numbers", "rmse", 212.0, 540.0)}
    report["stability"] |= {"metric": "rmse", "values": [551.0, 544.2, 549.9], "mean": 548.4, "std": 3.6}
    report["stability"] |= {"low": 544.2, "high": 551.0}
    return with_gated(report)


def with_gated(report: dict[str, Any]) -> dict[str, Any]:
    from switchyard.evaluation.gates.namespace import flatten

    return {**report, "gated": flatten(report)}


_SCORES = {"accuracy": 0.798, "roc_auc": 0.847, "pr_auc": 0.81, "f1": 0.72, "log_loss": 0.45, "brier": 0.14}
_BINS = [
    {
        **{"low": low / 10, "high": (low + 1) / 10, "n": 30 + low, "predicted": low / 10 + 0.05},
        **{"observed": low / 11, "observed_low": max(0.0, low / 11 - 0.1), "observed_high": low / 11 + 0.1},
    }
    for low in range(9)
] + [
    {"low": 0.9, "high": 1.0, "n": 0, "predicted": None, "observed": None, "observed_low": None, "observed_high": None}
]


_BROKEN = {"row": {"sex": "male", "age": 30.0}, "found": 0.31, "expected": "at least 0.33"}


def _candidate(name: str, metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "metrics": metrics,
        "parity": 2e-7,
        "size_mb": 0.21,
        "latency_ms": {"p50": 0.02, "p95": 0.03, "p99": 0.05},
        "params": {"learning_rate": 0.1, "max_leaf_nodes": 16},
        "cv": {"metric": "roc_auc", "mean": 0.85, "std": 0.02, "folds": [0.83, 0.87]},
        "training": {"seconds": 4.2, "peak_memory_mb": 310.0, "rows": 785},
    }


def _slice(rows: int, value: float | None, spread: float, small: bool = False, **more: str) -> dict[str, Any]:
    return {"rows": rows, "small": small, **more, **{name: estimate(value, spread, rows) for name in _SCORES}}


def _threshold(at: float) -> dict[str, Any]:
    rates = {"precision": 0.4 + at / 2, "recall": 1 - at, "false_positive_rate": 1 - at, "selected": 1 - at}
    return {"threshold": at, **rates, "cost": 0.18 + (at - 0.4) ** 2}


def _group(rows: int, selected: float, right: float) -> dict[str, Any]:
    return {"rows": rows, "selection_rate": estimate(selected, n=rows), "true_positive_rate": estimate(right, n=rows)}


def _explained(score: float) -> dict[str, Any]:
    parts = {"sex": score - 0.38 - 0.1, "age": 0.13, "parch": -0.03}
    row = {"sex": "female", "age": None, "parch": 0}
    return {"row": row, "true": "survived", "label": "survived", "score": score, "base": 0.38, "contributions": parts}


def _perturbed(label: str, metric: str, loss: float, whole: float = 0.847) -> dict[str, Any]:
    value = whole + loss if metric == "rmse" else whole - loss
    spread = 25.0 if metric == "rmse" else 0.04
    return {"label": label, metric: estimate(value, spread), "loss": loss, "loss_low": loss / 2, "loss_high": loss * 2}
