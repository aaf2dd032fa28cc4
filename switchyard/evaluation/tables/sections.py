"""What the report says of the best candidate beyond its metrics: one line a section.

Called by `evaluate`, on the test rows that have a target. A section that the task or the config does not call for
is not there at all: it is neither drawn nor gated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchyard.config.sections import Contract, Data, Expectations, Features, Metrics, Reporting, Task

if TYPE_CHECKING:
    import polars as pl

    from switchyard.evaluation.scoring import Answers, Scored
    from switchyard.model.onnx_model import OnnxModel


@dataclass(frozen=True)
class Wanted:
    """What the sections need beside what `evaluate` knows anyway.

    Attributes:
        train: The rows that the candidates were fitted on: quartiles of slices and background of explanations.
        contract: The type of each column.
        features: Which columns the candidates see.
        reporting: The config's section `evaluation`.
        expectations: The config's section of that name.
        golden_rows: How many test rows are explained one by one.
    """

    train: pl.LazyFrame
    contract: Contract
    features: Features
    reporting: Reporting
    expectations: Expectations
    golden_rows: int = 5

    def columns(self) -> set[str]:
        """Columns of the test rows that a section groups by, whether or not a candidate reads them."""
        slices = self.reporting.slices
        named = {*(slices.columns or ()), *slices.bins, *self.reporting.sensitive}
        return named.union(*slices.pairs) & set(self.contract.columns)


@dataclass(frozen=True)
class Subject:
    """The best candidate on the test rows.

    Attributes:
        model: The ONNX file and its metadata.
        test: The rows, all with a target: what the model reads, the target, and `Wanted.columns`.
        answers: Of the model, to each of these rows.
        scored: The metrics of these answers.
    """

    model: OnnxModel
    test: pl.DataFrame
    answers: Answers
    scored: Scored


def sections(
    subject: Subject, wanted: Wanted, *, data: Data, task: Task, metrics: Metrics, seed: int
) -> tuple[dict[str, Any], list[str]]:
    """Every section by its key in the report, and what a reader must know about them.

    Args:
        subject: What is measured; all its answers are finite.
        wanted: Training rows and the parts of the config that decide what is measured.
        data: Names the target, the positive class and the column that names a row.
        task: Classification or regression.
        metrics: The primary metric, resamples and confidence of the intervals.
        seed: Of everything random.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):  # the matrices are small: on two threads they take five times as long
        measured, notes = _measures(subject, wanted, data, task, metrics, seed)
        behaviour = _behaviour(subject, wanted, data, task, metrics, seed)
    return {**measured, **behaviour, **_training(subject.model)}, notes


def _measures(
    subject: Subject, wanted: Wanted, data: Data, task: Task, metrics: Metrics, seed: int
) -> tuple[dict[str, Any], list[str]]:
    """What the answers that there are already tell."""
    from switchyard.evaluation.calibration import calibration
    from switchyard.evaluation.tables.deciles import deciles
    from switchyard.evaluation.tables.fairness import fairness
    from switchyard.evaluation.tables.grouping import group_rows
    from switchyard.evaluation.tables.slices import sliced_columns, slices
    from switchyard.evaluation.thresholds import thresholds

    answers, reporting, is_binary = subject.answers, wanted.reporting, subject.answers.positive is not None
    made: dict[str, Any] = {}
    if task == "classification":
        made["calibration"] = calibration(answers, metrics, seed)
    else:
        made["deciles"] = deciles(answers)
    if is_binary:
        made["thresholds"] = thresholds(answers, reporting.costs)
    columns = sliced_columns(reporting.slices, _inputs(subject.model), wanted.contract, data)
    grouped = {*columns, *(name for pair in reporting.slices.pairs for name in pair), *reporting.sensitive}
    parts = (sorted(grouped), wanted.contract, wanted.features, reporting.slices.bins)
    groups = group_rows(subject.test, wanted.train, *parts)
    sliced = slices(answers, groups, columns, reporting.slices, metrics, seed)
    made["slices"] = sliced.section
    if is_binary and reporting.sensitive:
        sensitive = {name: groups[name] for name in reporting.sensitive}
        made["fairness"] = fairness(answers, sensitive, reporting.slices, metrics, seed)
    return made, list(sliced.notes)


def _behaviour(subject: Subject, wanted: Wanted, data: Data, task: Task, metrics: Metrics, seed: int) -> dict[str, Any]:
    """What the model is asked again for, with other rows than there are."""
    from switchyard.evaluation.tables.example_rows import choose
    from switchyard.evaluation.tables.expectations import check_expectations
    from switchyard.evaluation.tables.explanations import BACKGROUND_ROWS, explanations
    from switchyard.evaluation.tables.importances import importances
    from switchyard.evaluation.tables.robustness import robustness

    model, test, reporting = subject.model, subject.test, wanted.reporting
    shared: dict[str, Any] = {"data": data, "task": task, "metrics": metrics, "seed": seed}
    shaken: dict[str, Any] = {"settings": reporting.robustness, "categorical": wanted.features.categorical or ()}
    golden = test[choose(test.select(_inputs(model)), wanted.golden_rows)]
    background = _drawn(wanted.train.select(_inputs(model)), BACKGROUND_ROWS, seed)
    made: dict[str, Any] = {
        "importances": importances(model, test, settings=reporting.importances, **shared),
        "explanations": explanations(model, golden, background=background, target=data.target, seed=seed),
        "robustness": robustness(model, test, **shaken, **shared),
    }
    if found := check_expectations(model, test, wanted.expectations, seed=seed):
        made["expectations"] = found
    return made


def _training(model: OnnxModel) -> dict[str, Any]:
    """What training has noted on the metadata, if it did."""
    return {name: model.metadata[name] for name in ("training", "stability") if model.metadata.get(name)}


def _inputs(model: OnnxModel) -> list[str]:
    return [spec["name"] for spec in model.metadata["inputs"]]


def _drawn(table: pl.LazyFrame, rows: int, seed: int) -> pl.DataFrame:
    """So many rows at random, without the others in memory."""
    import numpy as np
    import polars as pl

    height = int(table.select(pl.len()).collect().item())
    chosen = np.sort(np.random.default_rng(seed).permutation(height)[:rows])
    return table.select(pl.all().gather(pl.lit(pl.Series(chosen)))).collect()
