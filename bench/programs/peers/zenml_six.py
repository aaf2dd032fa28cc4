"""Six trivial steps, each passes a number on: in ZenML. `fixed_cost_ours.py --numbers` runs the same pipeline."""

from __future__ import annotations

from zenml import pipeline, step


@step
def ingest() -> int:
    """The first number."""
    return 1


@step
def add_one(number: int) -> int:
    """The next one."""
    return number + 1


@pipeline(enable_cache=False)
def six() -> None:
    """One after the other."""
    number = ingest()
    for _ in range(5):
        number = add_one(number)


if __name__ == "__main__":
    done = six()
    if done.status.value != "completed" or len(done.steps) != 6:
        raise SystemExit(f"{done.name} {done.status.value}")
