"""What the report repeats of the validation that came before it."""

from __future__ import annotations

from typing import Any


def in_brief(facts: dict[str, Any]) -> dict[str, int]:
    """What the report of an evaluation repeats of a validation.

    Args:
        facts: Of the validation's report.

    Returns:
        `rows` and `columns` that were checked, `checks` and how many `failed`, how many columns were `compared` with
        the last accepted data, and `unchecked`, the columns that the contract does not name.
    """
    return {
        "rows": facts["rows"],
        "columns": len(facts["columns"]),
        "checks": len(facts["checks"]),
        "failed": sum(not check["passed"] for check in facts["checks"]),
        "compared": len(facts.get("distribution") or []),
        "unchecked": len(facts["unchecked"]),
    }
