"""The config's expectations, checked through the endpoint: a part of the golden rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.errors import SwitchyardError
from switchyard.evaluation.tables.expectation_checks import make_checks
from switchyard.evaluation.tables.expectations import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import polars as pl

    from switchyard.config.sections import Expectations
    from switchyard.model.onnx_model import OnnxModel

ROWS = 20
SLACK = 2e-5
"""Another server's float32 may differ by golden.TOLERANCE, before and after a change."""


def expected_answers(
    model: OnnxModel, test: pl.DataFrame, expectations: Expectations, *, seed: int
) -> list[dict[str, Any]]:
    """The requests for the endpoint, and what it must answer.

    Args:
        model: The model; it is not run.
        test: The test rows that the file was checked with; the endpoint is asked about some of them.
        expectations: Of the config.
        seed: The seed of the choice of rows, the same as for the file.

    Returns:
        JSON-able checks, each with its `request`, the body of an infer request; checks without rows are left out.
    """
    from switchyard.serving.rollout.requests import request_body

    checks = make_checks(model.metadata, test, expectations, rows=ROWS, seed=seed)
    return [check.facts | {"request": request_body(model, check.frame)} for check in checks if check.facts["rows"]]


def applicable(expectations: Expectations, model: OnnxModel) -> Expectations:
    """The expectations whose columns the model reads: an older version may not know all of today's columns."""
    columns = {spec["name"] for spec in model.metadata["inputs"]}
    kept = {
        "rows": tuple(each for each in expectations.rows if columns >= set(each.row)),
        "directional": tuple(each for each in expectations.directional if each.column in columns),
        "invariant": tuple(each for each in expectations.invariant if each.column in columns),
    }
    return expectations.model_copy(update=kept)


def rows_of(test: pl.LazyFrame, model: OnnxModel, target: str) -> pl.DataFrame:
    """The model's columns of the rows that evaluation sees: those with a value of the target."""
    names = [spec["name"] for spec in model.metadata["inputs"]]
    known = test.select([*names, target]).collect().drop_nulls(target)
    return known.drop_nans(target if known[target].dtype.is_float() else []).select(names)


def ask_expectations(
    what: str, expected: Iterable[dict[str, Any]], infer: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Checks the expectations through the endpoint.

    Args:
        what: Names the version in an error.
        expected: From `expected_answers`.
        infer: Sends the body of a request, and returns that of the answer.

    Raises:
        SwitchyardError: One does not hold; with its name, the row, what was found and what was expected.
    """
    for check in expected:
        outputs = {tensor["name"]: _array(tensor) for tensor in infer(check["request"])["outputs"]}
        finding = examine(check, outputs, SLACK)
        if not finding.passed:
            number = finding.worst if check["kind"] == "row" else check["rows"] + finding.worst
            row = {tensor["name"]: tensor["data"][number] for tensor in check["request"]["inputs"]}
            raise SwitchyardError(
                f"{what}: expectation {check['name']} ({check['asked']}) is broken: the answer to {row} is "
                f"{finding.found!r}, expected {finding.expected}"
            )


def _array(tensor: dict[str, Any]) -> np.ndarray:
    """A tensor of an answer; null, which is what JSON has for NaN, as NaN."""
    kind = object if tensor["datatype"] == "BYTES" else float
    return np.array(tensor["data"], dtype=kind).reshape(tensor["shape"])
