"""A report that people read and machines check: one HTML page and the numbers behind it."""

from __future__ import annotations

import json
import math
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

    def facts_json(self) -> str:
        """The facts as strict JSON (RFC 8259), which has no NaN and no infinity: they are null there."""
        return json.dumps(_strict(self.facts), indent=2, sort_keys=True, allow_nan=False)


def _strict(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
