"""A report that people read and machines check: one HTML page and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """What a step has to say about data or a model.

    Attributes:
        facts: JSON-able; everything that the page shows, by key.
        html: The page, self-contained.
    """

    facts: dict[str, Any]
    html: str = field(repr=False)
