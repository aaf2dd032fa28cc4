"""The same six steps as a user of ZenML would first write them: pandas tables, ZenML's default stack, its defaults."""

from __future__ import annotations

import pandas as pd
from zenml import pipeline, step


@step
def ingest() -> pd.DataFrame:
    """Ten rows."""
    return pd.DataFrame({"a": range(10), "b": range(10)})


@step
def validate(raw: pd.DataFrame) -> pd.DataFrame:
    """One row."""
    return pd.DataFrame({"rows": [len(raw)]})


@step
def preprocess(raw: pd.DataFrame) -> pd.DataFrame:
    """Ten rows again."""
    return raw.copy()


@step
def train(splits: pd.DataFrame) -> pd.DataFrame:
    """A model of one row."""
    return splits.tail(1)


@step
def evaluate(model: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """One row."""
    return pd.DataFrame({"size": [len(model) + len(splits)]})


@step
def deploy(model: pd.DataFrame, evaluation: pd.DataFrame) -> pd.DataFrame:
    """One row."""
    return pd.DataFrame({"size": [len(model) + len(evaluation)]})


@pipeline(enable_cache=False)
def fixed_cost() -> None:
    """The same graph."""
    raw = ingest()
    validate(raw)
    splits = preprocess(raw)
    model = train(splits)
    deploy(model, evaluate(model, splits))


if __name__ == "__main__":
    done = fixed_cost()
    if done.status.value != "completed" or len(done.steps) != 6:
        raise SystemExit(f"{done.name} {done.status.value}")
