"""What the report repeats of the validation that came before it."""

from __future__ import annotations

from typing import Any


def in_brief(facts: dict[str, Any]) -> dict[str, int]:
    """What the report of an evaluation repeats of a validation.

    Args:
        facts: Of the validation's report.

    Returns:
        `rows` that were checked, `checks` and how many `failed`, and how many distributions were `compared` with the
        last accepted data. If the contract is about columns, also how many `columns` were checked, and `unchecked`:
        those that it does not name.
    """
    brief = {
        "rows": facts["rows"],
        "columns": len(facts["columns"]),
        "checks": len(facts["checks"]),
        "failed": sum(not check["passed"] for check in facts["checks"]),
        "compared": len(facts.get("distribution") or []),
        "unchecked": len(facts["unchecked"]),
    }
    if any(check["column"] for check in facts["checks"]):
        return brief
    return {name: count for name, count in brief.items() if name not in ("columns", "unchecked")}
