"""Candidates against each other on validation rows, and the best one, once, on test rows.

Called by the evaluate step and by whoever wants to know what ONNX files are worth. Only the
files are run, with onnxruntime, never the learners that they came from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from switchyard.config.recipes import TableEvaluate
from switchyard.config.task_metrics import require_metric
from switchyard.errors import InputError
from switchyard.evaluation.evaluation import FEW_ROWS, Evaluation
from switchyard.evaluation.evaluation_report import DataSummary, EvaluationReport, TestFigures
from switchyard.evaluation.gates.namespace import flatten
from switchyard.evaluation.latency import latency_ms
from switchyard.evaluation.rating import best_of, rated_as, selection
from switchyard.evaluation.scoring import ask, score
from switchyard.evaluation.section_measuring import measure_sections
from switchyard.evaluation.tables.context import Subject, TableContext, Wanted

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel


def evaluate(
    models: Sequence[OnnxModel],
    validation: pl.LazyFrame,
    test: pl.LazyFrame,
    recipe: TableEvaluate,
    *,
    train: pl.LazyFrame | None = None,
    source: dict[str, Any] | None = None,
) -> Evaluation:
    """Measures every candidate on validation rows and the best one on test rows.

    The best is decided by `metrics.primary`; of equals the smaller file wins, then the first
    name, so that a busy machine cannot change the verdict.

    Args:
        models: The candidates; `metadata["candidate"]` is the name.
        validation: Raw columns and the target; rows without a target are left out and counted.
        test: Likewise; seen by the best candidate only.
        recipe: What the models do, and what is measured of them.
        train: The rows that the candidates were fitted on, which the sections beyond the metrics need; None leaves
            these out.
        source: What is known of the data's origin, copied into the report.

    Raises:
        InputError: An unknown primary metric, no rows, or a primary metric that no candidate has a value for.
    """
    data, task, metrics, seed = recipe.data, recipe.task, recipe.metrics, recipe.seed
    wanted = None if train is None else Wanted.of(recipe, train)
    require_metric("metrics.primary", metrics.primary, task)
    columns = _columns(models, data.target)
    rows, warnings = _rows(validation, columns, data.target, "validation")
    scored = [score(ask(model, rows, data.target), metrics, seed) for model in models]
    rated = [rated_as(model, each.metrics, latency_ms(model, rows)) for model, each in zip(models, scored, strict=True)]
    for candidate, each in zip(rated, scored, strict=True):
        warnings += [f"validation, {candidate.name}: {note}" for note in each.notes]
    chosen = best_of(rated, metrics.primary)
    grouped_by = sorted({*columns, *(wanted.columns() if wanted else ())})
    held_out, test_warnings = _rows(test, grouped_by, data.target, "test")
    answers = ask(models[chosen], held_out, data.target)
    final = score(answers, metrics, seed)
    warnings += [*test_warnings, *(f"test: {note}" for note in final.notes)]
    latency = latency_ms(models[chosen], held_out, calls=1000)
    more: dict[str, Any] = {}
    if wanted:
        subject = Subject(models[chosen], held_out, answers, final)
        context = TableContext(subject, wanted, data, task, metrics, seed)
        more, notes = measure_sections("tables", context, has_finite_answers=answers.finite)
        warnings += notes
    rows_of = {"validation": len(rows), "test": len(held_out)}
    report = EvaluationReport(
        name=models[chosen].metadata.get("name"),
        task=task,
        unit="row",
        best=rated[chosen].name,
        selection=selection(metrics),
        data=DataSummary(target=data.target, rows=rows_of, source=source or {}, **final.data),
        candidates=rated,
        test=TestFigures(final.metrics, latency, **final.drawings),
        undefined=final.undefined,
        warnings=warnings,
        sections=more,
    )
    return Evaluation(replace(report, gated=flatten(report)))


def _columns(models: Sequence[OnnxModel], target: str) -> list[str]:
    """The target and every column that some candidate reads; no other is loaded."""
    return sorted({target, *(spec["name"] for model in models for spec in model.metadata["inputs"])})


def _rows(table: pl.LazyFrame, columns: list[str], target: str, part: str) -> tuple[pl.DataFrame, list[str]]:
    """The rows that have a target, and what has to be said about them."""
    frame = table.select(columns).collect()
    known = frame.drop_nulls(target).drop_nans(target if frame[target].dtype.is_float() else [])
    if known.is_empty():
        raise InputError(f"no {part} row has a value of the target {target!r}: give more rows or a larger split.{part}")
    warnings = []
    if len(known) < len(frame):
        warnings.append(f"{part}: {len(frame) - len(known)} rows without a value of {target} were left out")
    if len(known) < FEW_ROWS:
        warnings.append(f"{part}: only {len(known)} rows, so the figures say little and their intervals are too narrow")
    return known, warnings
