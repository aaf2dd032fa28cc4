"""The nodes; their numbers stay in memory, which is Kedro's default."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node


def ingest() -> int:
    """The first number."""
    return 1


def add_one(number: int) -> int:
    """The next one."""
    return number + 1


def register_pipelines() -> dict[str, Pipeline]:
    """One after the other."""
    first = node(ingest, None, "number_1", name="ingest")
    others = [node(add_one, f"number_{i - 1}", f"number_{i}", name=f"add_one_{i}") for i in range(2, 7)]
    return {"__default__": Pipeline([first, *others])}
