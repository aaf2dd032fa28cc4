"""A small table with everything that is difficult: missing values, rare categories, booleans, dates."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from switchyard.config.sections import Candidate, Config

QUICK = {
    "logistic_regression": {"C": 0.5},
    "ridge": {"alpha": 2.0},
    "random_forest": {"n_estimators": 9, "max_depth": 6},
    "hist_gradient_boosting": {"max_iter": 12, "max_leaf_nodes": 6},
    "mlp": {"hidden": 8, "layers": 2, "epochs": 15, "batch_size": 32},
}

COLUMNS = {
    "key": {"type": "string"},
    "area": {"type": "number", "nullable": True},
    "rooms": {"type": "integer"},
    "sunny": {"type": "boolean", "nullable": True},
    "colour": {"type": "string", "nullable": True},
    "zone": {"type": "integer", "nullable": True},
    "sold": {"type": "datetime"},
    "street": {"type": "string"},
}

TARGETS = {
    "binary": ("classification", "string"),
    "three": ("classification", "integer"),
    "flag": ("classification", "boolean"),
    "price": ("regression", "number"),
}


def table(rows: int = 400, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    area, rooms, zone = rng.lognormal(4, 0.6, rows), rng.integers(1, 7, rows), rng.integers(10, 14, rows)
    colour = rng.choice(["red", "green", "blue", "schön"], rows, p=[0.5, 0.3, 0.15, 0.05])
    score = np.log(area) + 0.3 * rooms + (colour == "red") - 0.8 * (zone == 12) + rng.normal(0, 0.7, rows)
    cuts = np.quantile(score, [0.4, 0.75])

    def holes(values, share):
        return [None if hole else value for value, hole in zip(values.tolist(), rng.random(rows) < share, strict=True)]

    return pl.DataFrame(
        {
            "key": [f"k{i}" for i in range(rows)],
            "area": holes(area, 0.15),
            "rooms": rooms,
            "sunny": holes(rng.random(rows) < 0.5, 0.1),
            "colour": holes(colour, 0.1),
            "zone": holes(zone, 0.05),
            "sold": [datetime(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 900, rows)],
            "street": [f"s{i}" for i in rng.integers(0, 40, rows)],
            "binary": np.where(score > cuts[0], "yes", "no"),
            "three": np.digitize(score, cuts) + 1,
            "flag": score > cuts[0],
            "price": np.exp(score) * 300,
        }
    )


def config(target: str = "binary", **sections) -> Config:
    """A use case on the table; `sections` replace whole sections."""
    task, kind = TARGETS[target]
    types = ["random_forest", "hist_gradient_boosting", "mlp"]
    types.append("logistic_regression" if task == "classification" else "ridge")
    default = {
        "name": "houses",
        "task": task,
        "seed": 5,
        "data": {"uri": "houses.csv", "target": target, "id": "key", "group": "street"},
        "contract": {"columns": COLUMNS | {target: {"type": kind}}},
        "features": {"numeric": ("area", "rooms", "sunny"), "categorical": ("colour", "zone")},
        "candidates": {each: {"type": each, "params": QUICK[each]} for each in types},
        "search": {"trials": 3, "folds": 3},
        "metrics": {"primary": "log_loss" if task == "classification" else "rmse"},
    }
    return Config.model_validate(default | sections)


def fit(use_case: Config, candidate: str | Candidate, train: pl.DataFrame, validation: pl.DataFrame):
    """Call `train` as the step does."""
    from switchyard.training.tables.train import train as train_candidate

    name, what = (candidate, use_case.candidates[candidate]) if isinstance(candidate, str) else ("it", candidate)
    sections = ("data", "task", "contract", "features", "search", "metrics", "seed", "threads", "split")
    given = {key: getattr(use_case, key) for key in sections}
    return train_candidate(
        name, what, **given, train=train.lazy(), validation=validation.lazy(), use_case=use_case.name
    )


@pytest.fixture(scope="session")
def rows() -> pl.DataFrame:
    return table()


@pytest.fixture(scope="session")
def houses():
    """The helpers of this file, since test files cannot import it."""
    from types import SimpleNamespace

    return SimpleNamespace(table=table, config=config, fit=fit, quick=QUICK)
