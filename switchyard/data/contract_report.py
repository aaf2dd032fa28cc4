"""What a contract measured, and how it is said in one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

EXAMPLES = 5
SHOWN = 60  # characters of one value in a sentence


@dataclass(frozen=True)
class Example:
    """A row that breaks a rule.

    Attributes:
        row: Its number in the source, the first row of data being 1.
        value: What stands there, as JSON can hold it.
    """

    row: int
    value: Any


@dataclass(frozen=True)
class Violation:
    """A broken rule.

    Attributes:
        column: The column, or None for a rule of the whole table.
        rule: The rule's key in the config, or `missing` if the column is not there.
        count: How many rows break it (`min_rows`: how many rows there are).
        asked: What the config asks for.
        examples: Up to five rows that break it, the first ones of the source.
    """

    column: str | None
    rule: str
    count: int
    asked: Any
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Check:
    """A rule and what it measured, broken or not; the fields are those of `Violation`."""

    column: str | None
    rule: str
    count: int
    asked: Any
    passed: bool


@dataclass(frozen=True)
class ContractReport:
    """What a contract measured.

    Attributes:
        source: What the data is called in sentences, such as its file name.
        rows: The number of rows.
        columns: Per column of the contract: the source's type, nulls, and min and max where they exist.
        checks: Every rule with what it found.
        violations: The broken ones, with examples.
        unchecked: Columns of the source of which the contract says nothing.
    """

    source: str
    rows: int
    columns: dict[str, dict[str, Any]]
    checks: tuple[Check, ...]
    violations: tuple[Violation, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    def describe(self, violation: Violation) -> str:
        """One violation in words."""
        return describe(violation, self.rows)

    def sentence(self) -> str:
        """The verdict in one sentence: the first violation in full, the others by name."""
        if self.passed:
            return f"{self.source}: {self.rows:,} rows keep all {len(self.checks)} rules of the contract"
        first, *others = self.violations
        text = f"{self.source}: {self.describe(first)}"
        if others:
            names = ", ".join(f"{other.column or 'table'} ({other.rule})" for other in others[:EXAMPLES])
            text += f"; {len(others)} more broken: {names}{', …' if len(others) > EXAMPLES else ''}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it; `validation_report.to_html` shows it."""
        return {
            "source": self.source,
            "unit": "row",
            "rows": self.rows,
            "passed": self.passed,
            "sentence": self.sentence(),
            "columns": self.columns,
            "checks": [asdict(check) for check in self.checks],
            "violations": [
                {**asdict(violation), "examples": [asdict(example) for example in violation.examples]}
                | {"sentence": self.describe(violation)}
                for violation in self.violations
            ],
            "unchecked": list(self.unchecked),
        }


def describe(violation: Violation, rows: int) -> str:
    """One violation in words, such as `column age breaks max: 3 of 1,309 rows are above 100 (row 12: 140, …)`."""
    if violation.rule == "missing":
        return f"column {violation.column} is missing, and the contract asks for it as {violation.asked}"
    where = f"column {violation.column}" if violation.column else "the table"
    if violation.rule == "min_rows":
        return f"{where} breaks min_rows: it has {rows:,} rows, and at least {violation.asked:,} are asked for"
    return f"{where} breaks {violation.rule}: {_found(violation, rows)}{_shown(violation)}"


def _found(violation: Violation, rows: int) -> str:
    count = f"{violation.count:,} of {rows:,} rows {'is' if violation.count == 1 else 'are'}"
    repeat = f"{violation.count:,} of {rows:,} rows {'repeats' if violation.count == 1 else 'repeat'}"
    match violation.rule:
        case "type":
            return f"{count} not readable as {violation.asked}"
        case "nullable":
            return f"{count} null"
        case "min":
            return f"{count} below {violation.asked:g}"
        case "max":
            return f"{count} above {violation.asked:g}"
        case "allowed":
            return f"{count} none of {', '.join(_short(value) for value in violation.asked)}"
        case "pattern":
            return f"{count} not of the form {violation.asked}"
        case "unique":
            return f"{repeat} an earlier value"
        case "max_duplicate_rows":
            return f"{repeat} an earlier row, and at most {violation.asked:,} may"
    raise ValueError(violation.rule)


def _shown(violation: Violation) -> str:
    if not violation.examples:
        return ""
    if violation.rule == "nullable":
        parts = [f"row {example.row}" for example in violation.examples]
    else:
        parts = [f"row {example.row}: {_short(example.value)}" for example in violation.examples]
    return f" ({', '.join(parts)}{', …' if violation.count > len(parts) else ''})"


def _short(value: object) -> str:
    text = " ".join(str(value).split()) if value != "" else '""'
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
