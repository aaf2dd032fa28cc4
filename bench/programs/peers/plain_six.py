"""Six trivial steps, each passes a number on: without any framework, which is what the others are compared with."""

from __future__ import annotations


def ingest() -> int:
    """The first number."""
    return 1


def add_one(number: int) -> int:
    """The next one."""
    return number + 1


if __name__ == "__main__":
    number = ingest()
    for _ in range(5):
        number = add_one(number)
    if number != 6:
        raise SystemExit(f"{number} instead of 6")
