"""From the config's expectations to rows to ask a model, and what it must answer: for the file and for the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.tables.scores import score_class
from switchyard.statistics import labels

if TYPE_CHECKING:
    import polars as pl

    from switchyard.config.sections import (
        DirectionalExpectation,
        Expectations,
        InvarianceExpectation,
        RowExpectation,
        Scalar,
    )


@dataclass(frozen=True)
class Check:
    """An expectation, ready to be asked.

    Attributes:
        facts: JSON-able: `name`, `kind`, `asked` in words, `rows` (how many it is about), `reason` (why none),
            `class` (whose probability is the score), `answer`, `score` and `tolerance`.
        frame: The raw rows to ask; for a directional or invariant one the rows as they are, then the changed ones.
    """

    facts: dict[str, Any]
    frame: pl.DataFrame

    def row(self, number: int) -> dict[str, Any]:
        """A row as it is asked about, changed if it is changed."""
        place = number if self.facts["kind"] == "row" else self.facts["rows"] + number
        return self.frame.row(place, named=True)


def make_checks(
    metadata: Mapping[str, Any], test: pl.DataFrame, expectations: Expectations, *, rows: int, seed: int
) -> list[Check]:
    """Every expectation of a config, in its order.

    Args:
        metadata: Of the model.
        test: Raw rows, with at least the model's columns.
        expectations: What is expected.
        rows: How many of them a directional or invariant expectation is asked about at most; a smaller number
            takes a part of what a larger one takes.
        seed: Of the choice.

    Raises:
        InputError: There are several classes and no label, or a label or an answer is no class of the model.
    """
    table = _typed(test, metadata)
    found = [_row_check(metadata, table, each, expectations.label) for each in expectations.rows]
    found += [_directional(metadata, table, each, expectations.label, rows, seed) for each in expectations.directional]
    found += [_invariant(metadata, table, each, expectations.label, rows, seed) for each in expectations.invariant]
    return found


def _row_check(metadata: Mapping[str, Any], table: pl.DataFrame, asked: RowExpectation, label: Scalar | None) -> Check:
    import polars as pl

    values = {name: [_cell(asked.row.get(name), kind == pl.String)] for name, kind in table.schema.items()}
    facts: dict[str, Any] = {"name": asked.name, "kind": "row", "rows": 1, "reason": "", "tolerance": asked.tolerance}
    if asked.answer is None:
        facts |= {"class": score_class(metadata, label), "answer": None, "score": asked.score}
        facts["asked"] = f"{asked.score:g} within {asked.tolerance:g}"
    else:
        position = score_class(metadata, asked.answer)
        answer = labels.answered(list(metadata["classes"]), position or 0)
        facts |= {"class": position, "answer": answer, "score": None, "asked": f"the answer {asked.answer}"}
    return Check(facts, pl.DataFrame(values, schema=table.schema))


def _directional(
    metadata: Mapping[str, Any],
    table: pl.DataFrame,
    asked: DirectionalExpectation,
    label: Scalar | None,
    rows: int,
    seed: int,
) -> Check:
    import polars as pl

    column = pl.col(asked.column)
    before = _drawn(table.filter(column.is_not_null() & column.is_finite()), rows, seed)
    slack = f" by more than {asked.tolerance:g}" if asked.tolerance else ""
    words = f"{asked.score}{slack} with {asked.column} {'+' if asked.add > 0 else '−'} {abs(asked.add):g}"
    return _pairs(
        {"name": asked.name, "kind": "directional", "score": asked.score, "tolerance": asked.tolerance, "asked": words},
        before,
        before.with_columns(column + asked.add),
        score_class(metadata, label),
        f"no test row has a value of {asked.column}",
    )


def _invariant(
    metadata: Mapping[str, Any],
    table: pl.DataFrame,
    asked: InvarianceExpectation,
    label: Scalar | None,
    rows: int,
    seed: int,
) -> Check:
    import polars as pl

    column, is_text = pl.col(asked.column), table.schema[asked.column] == pl.String
    one, other = (_cell(value, is_text) for value in asked.swap)
    before = _drawn(table.filter((column == one) | (column == other)), rows, seed)
    swapped = pl.when(column == one).then(pl.lit(other)).otherwise(pl.lit(one)).alias(asked.column)
    slack = f"at most {asked.tolerance:g} apart" if asked.tolerance else "the same"
    return _pairs(
        {
            "name": asked.name,
            "kind": "invariant",
            "score": None,
            "tolerance": asked.tolerance,
            "asked": f"{slack} for {asked.column} {asked.swap[0]} and {asked.swap[1]}",
        },
        before,
        before.with_columns(swapped),
        score_class(metadata, label),
        f"no test row has {asked.swap[0]} or {asked.swap[1]} in {asked.column}",
    )


def _pairs(
    facts: dict[str, Any], before: pl.DataFrame, after: pl.DataFrame, position: int | None, reason: str
) -> Check:
    import polars as pl

    rows = before.height
    whole = facts | {"class": position, "answer": None, "rows": rows, "reason": "" if rows else reason}
    return Check(whole, pl.concat([before, after]))


def _typed(test: pl.DataFrame, metadata: Mapping[str, Any]) -> pl.DataFrame:
    """The model's columns as it takes them: text or float64, so that anything can be added and compared."""
    import polars as pl

    kinds = {spec["name"]: pl.String if spec["datatype"] == "BYTES" else pl.Float64 for spec in metadata["inputs"]}
    return test.select(pl.col(name).cast(kind) for name, kind in kinds.items())


def _drawn(table: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """The first rows of a shuffle that does not depend on how many are wanted, in that order."""
    return table[np.random.default_rng(seed).permutation(table.height)[:rows]]


def _cell(value: Scalar | None, is_text: bool) -> str | float | None:
    """A value of the config as the column has it."""
    if value is None:
        return None
    return str(value) if is_text else float(value)
