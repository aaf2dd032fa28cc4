"""400 of the demo's digits, and a config that trains on them for two epochs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from rehearsal.processes import free_port
from tests.end_to_end.conftest import SOURCE

DIGITS = [str(number) for number in range(10)]


def config(name: str, task: str, candidate: str, **changes: Any) -> dict[str, Any]:
    """`changes` replace whole sections."""
    return {
        "name": name,
        "task": task,
        "data": {"uri": "data/few.parquet"},
        "contract": {"formats": ["PNG"], "classes": DIGITS, "min_images": 400},
        "image": {"size": [14, 14], "channels": 1},
        "candidates": {candidate: {"type": candidate, "params": {"epochs": 2, "width": 4, "batch_size": 32}}},
        "metrics": {"primary": "accuracy", "bootstrap": 50},
        "gates": {"accuracy": ">= 0.05"},
        "deployment": {"port": free_port()},
        **changes,
    }


def write_few(path: Path) -> pl.DataFrame:
    """Forty of each class, also returned."""
    table = pl.read_parquet(SOURCE / "data" / "digits.parquet")
    few = table.with_columns(nth=pl.int_range(pl.len()).over("label")).filter(pl.col("nth") < 40).drop("nth")
    few.write_parquet(path)
    return few
