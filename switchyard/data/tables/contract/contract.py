"""The contract: what the data must look like before anything is trained on it.

`check` measures every rule of the config in one streaming pass over the raw table, whatever its size;
only if something is broken does it read again, for example rows. `cast` gives the columns the contract's
types. The validate step calls the first, preprocess the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchyard.config.target import require_two_values
from switchyard.data.contract_report import EXAMPLES, Check, ContractReport, Example, Violation
from switchyard.data.tables.contract.checked_column import CheckedColumn, jsonable
from switchyard.data.tables.contract.repeats import Repeats, find_repeats, row_hash
from switchyard.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from switchyard.config.sections import Contract

__all__ = ["Check", "ContractReport", "Example", "Violation", "check"]

ROW_HASH = "row:hash"
LONGEST = 200  # characters of an example
# What repeats, by the column's name; by None, whole rows.
Repeated = dict[str | None, Repeats]


def check(frame: pl.LazyFrame, contract: Contract, target: str, source: str = "the data") -> ContractReport:
    """Measure every rule of the contract in one streaming pass.

    Memory does not grow with the rows, but for 8 bytes a row and `unique` column, and 8 bytes a row if
    `max_duplicate_rows` is set.

    Args:
        frame: The raw table, as ingested.
        contract: The rules.
        target: The column to predict: it may have no nulls and must have two different values.
        source: What to call the data in sentences.

    Raises:
        InputError: The target is absent or constant, so nothing can be learned whatever the contract says.
    """
    schema = frame.collect_schema()
    _require_target(contract, target, schema.names(), source)
    columns = [
        CheckedColumn.of(index, name, column, schema[name], name == target)
        for index, (name, column) in enumerate(contract.columns.items())
        if name in schema
    ]
    measured = _measure(frame, columns, contract.table.max_duplicate_rows is not None)
    rows = int(measured["rows"])
    stats = {column.name: column.stats(measured) for column in columns}
    lowest, highest = stats[target]["min"], stats[target]["max"]
    if lowest is not None and rows > 1:
        require_two_values(source, target, [lowest] if lowest == highest else [lowest, highest], rows)
    repeats = _repeats(columns, measured)
    checks = _checks(contract, columns, measured, repeats)
    broken = [one for one in checks if not one.passed]
    examples = _examples(frame, columns, broken, repeats)
    return ContractReport(
        source=source,
        rows=rows,
        columns=stats,
        checks=checks,
        violations=tuple(
            Violation(one.column, one.rule, one.count, one.asked, examples.get((one.column, one.rule), ()))
            for one in broken
        ),
        unchecked=tuple(name for name in schema.names() if name not in contract.columns),
    )


def _require_target(contract: Contract, target: str, names: Sequence[str], source: str) -> None:
    if target not in contract.columns:
        raise InputError(
            f"data.target: {target!r} is no column of the contract; add it under contract.columns, "
            f"or name one of {', '.join(contract.columns)}"
        )
    if target not in names:
        raise InputError(
            f"{source}: the target column {target} is not in the data; "
            f"set data.target to one of its columns: {', '.join(names)}"
        )


def _measure(frame: pl.LazyFrame, columns: list[CheckedColumn], whole_rows: bool) -> dict[str, Any]:
    """The one pass: a dictionary of counts, and Series of hashes where repeats are looked for."""
    import polars as pl

    prepared = [expression for column in columns for expression in column.prepared()]
    counts = [pl.len().alias("rows"), *(expression for column in columns for expression in column.counts())]
    if whole_rows:
        prepared.append(row_hash(frame.collect_schema().names()).alias(ROW_HASH))
        counts.append(pl.col(ROW_HASH).implode())
    measured = frame.select(prepared or pl.all()).select(counts).collect(engine="streaming")
    return {series.name: series[0] for series in measured}


def _repeats(columns: list[CheckedColumn], measured: dict[str, Any]) -> Repeated:
    repeats: Repeated = {
        column.name: find_repeats(column.hashes(measured))
        for column in columns
        if any(rule.name == "unique" for rule in column.rules)
    }
    if ROW_HASH in measured:
        repeats[None] = find_repeats(measured[ROW_HASH])
    return repeats


def _checks(
    contract: Contract, columns: list[CheckedColumn], measured: dict[str, Any], repeats: Repeated
) -> tuple[Check, ...]:
    rows = int(measured["rows"])
    present = {column.name for column in columns}
    checks = [
        Check(name, "missing", rows, column.type, False)
        for name, column in contract.columns.items()
        if name not in present
    ]
    for column in columns:
        for rule in column.rules:
            count = repeats[column.name].count if rule.name == "unique" else column.count(rule, measured)
            checks.append(Check(column.name, rule.name, count, rule.asked, count == 0))
    table = contract.table
    checks.append(Check(None, "min_rows", rows, table.min_rows, rows >= table.min_rows))
    if table.max_duplicate_rows is not None:
        count = repeats[None].count
        checks.append(
            Check(None, "max_duplicate_rows", count, table.max_duplicate_rows, count <= table.max_duplicate_rows)
        )
    return tuple(checks)


def _examples(
    frame: pl.LazyFrame, columns: list[CheckedColumn], broken: list[Check], repeats: Repeated
) -> dict[tuple[str | None, str], tuple[Example, ...]]:
    """The second pass: the first rows that break each broken rule."""
    import polars as pl

    found: dict[tuple[str | None, str], tuple[Example, ...]] = {}
    queries: dict[tuple[str | None, str], pl.LazyFrame] = {}
    by_name = {column.name: column for column in columns}
    for one in broken:
        key = one.column, one.rule
        if one.rule == "max_duplicate_rows":
            found[key] = tuple(Example(row, f"same as row {earlier}") for row, earlier in repeats[None].first)
        elif one.column in by_name:
            queries[key] = _rows_that_break(frame, by_name[one.column], one.rule, repeats)
    for key, rows in zip(queries, pl.collect_all(queries.values(), engine="streaming"), strict=True):
        found[key] = tuple(Example(int(row), _shown(value)) for row, value in rows.iter_rows())
    return found


def _shown(value: object) -> str | int | float | bool | None:
    """An example's value; long text is cut, so that a report stays small."""
    plain = jsonable(value)
    return f"{plain[:LONGEST]}…" if isinstance(plain, str) and len(plain) > LONGEST else plain


def _rows_that_break(frame: pl.LazyFrame, column: CheckedColumn, rule: str, repeats: Repeated) -> pl.LazyFrame:
    import polars as pl

    raw = pl.col(column.name).alias("raw")
    rows = frame.select(raw, *column.prepared()).with_row_index("row", offset=1)
    broken = next(one.broken for one in column.rules if one.name == rule)
    if broken is None:
        broken = pl.col("row").is_in([row for row, _ in repeats[column.name].first])
    return rows.filter(broken).select("row", "raw").head(EXAMPLES)
