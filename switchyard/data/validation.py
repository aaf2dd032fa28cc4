"""The verdict on a table: its contract, and how far it has moved since it was last accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from switchyard.report import Report

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import Contract
    from switchyard.data.distribution import ColumnShift


class Checked(Protocol):
    """What the rules of a contract found, whatever it is about."""

    @property
    def passed(self) -> bool:
        """Whether none is broken."""

    def sentence(self) -> str:
        """All that are broken."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""


@dataclass(frozen=True)
class Outcome:
    """What `validate` found.

    Attributes:
        report: Kept whatever the verdict.
        profile: The distributions, the baseline of the next version if this one is accepted.
        problem: One sentence if the data must not be used, otherwise empty.
    """

    report: Report
    profile: dict[str, Any]
    problem: str


def concluded(
    checked: Checked,
    table: pl.LazyFrame,
    contract: Contract,
    baseline: dict[str, Any] | None,
    told: Callable[[list[ColumnShift]], str],
) -> Outcome:
    """The verdict on data of any kind whose rules have been checked.

    Args:
        checked: What the rules found.
        table: The columns whose distributions are compared.
        contract: Their types, and how far they may move.
        baseline: The `profile` of the data that was last accepted.
        told: The sentence about columns that have moved too far.
    """
    from switchyard.data.distribution import compare, profile
    from switchyard.data.validation_report import to_html

    facts = checked.to_dict()
    problem = "" if checked.passed else f"{checked.sentence()}; nothing was trained"
    # What breaks its contract has no distribution worth comparing, nor worth keeping as a baseline.
    distributions: dict[str, Any] = {}
    if not problem:
        distributions = profile(table, contract)
        shifts = compare(table, contract, baseline) if baseline else ()
        facts["distribution"] = [asdict(shift) for shift in shifts]
        facts["baseline"] = "compared" if baseline else "recorded"
        moved = [shift for shift in shifts if not shift.passed]
        if moved:
            problem = told(moved)
            facts |= {"passed": False, "sentence": problem}
    return Outcome(Report(facts, to_html(facts)), distributions, problem)
