"""Six trivial tasks, each passes a number on: in Prefect, with the temporary server that it starts by itself."""

from __future__ import annotations

from prefect import flow, task


@task
def ingest() -> int:
    """The first number."""
    return 1


@task
def add_one(number: int) -> int:
    """The next one."""
    return number + 1


@flow
def six() -> int:
    """One after the other."""
    number = ingest()
    for _ in range(5):
        number = add_one(number)
    return number


if __name__ == "__main__":
    done = six()
    if done != 6:
        raise SystemExit(f"{done} instead of 6")
