"""Golden rows as they are kept beside a version. This module is quick to import: the server needs it, too."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class GoldenRows:
    """A request with known answers.

    Attributes:
        request: The body of an infer request, as the protocol has it.
        response: The body of its answer.
        tolerance: How much a float may differ, relative to the expected one where that is above 1.
        expectations: What else must hold: checks from `expectations.expected_answers`, each with its own request.
        format: The version of the JSON.
    """

    request: dict[str, Any]
    response: dict[str, Any]
    tolerance: float
    expectations: tuple[dict[str, Any], ...] = ()
    format: int = FORMAT

    def to_json(self) -> bytes:
        """The content of `golden.json`."""
        return json.dumps(asdict(self), allow_nan=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> GoldenRows:
        """Golden rows from the content of `golden.json`.

        Raises:
            ValueError: It is damaged, or of another format.
        """
        found = json.loads(content)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"these golden rows are not of format {FORMAT}")
        try:
            return cls(**{**found, "expectations": tuple(found["expectations"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"these golden rows are incomplete: {error}") from error
