"""What the sections of a table's report measure: the best candidate on the test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from switchyard.config.recipes import TableEvaluate
from switchyard.config.sections import Contract, Costs, Data, Expectations, Features, Metrics, Reporting, Task

if TYPE_CHECKING:
    import polars as pl

    from switchyard.evaluation.scoring import Answers, Scored
    from switchyard.evaluation.tables.grouping import Grouping
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

    @classmethod
    def of(cls, recipe: TableEvaluate, train: pl.LazyFrame) -> Wanted:
        """Of a recipe, and the training rows."""
        parts = (recipe.contract, recipe.features, recipe.evaluation, recipe.expectations, recipe.golden_rows)
        return cls(train, *parts)

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


@dataclass(frozen=True)
class TableContext:
    """What a section measures; see `Context`.

    Attributes:
        subject: The best candidate on the test rows.
        wanted: Training rows and the parts of the config that decide what is measured.
        data: Names the target, the positive class and the column that names a row.
        task: Classification or regression.
        metrics: The primary metric, resamples and confidence of the intervals.
        seed: Seed for everything random.
    """

    subject: Subject
    wanted: Wanted
    data: Data
    task: Task
    metrics: Metrics
    seed: int

    @property
    def model(self) -> OnnxModel:
        """The ONNX file and its metadata."""
        return self.subject.model

    @property
    def answers(self) -> Answers:
        """The model's answers to the test rows."""
        return self.subject.answers

    @property
    def reporting(self) -> Reporting:
        """The config's section `evaluation`."""
        return self.wanted.reporting

    @property
    def costs(self) -> Costs:
        """See `Context.costs`."""
        return self.reporting.costs

    @property
    def inputs(self) -> list[str]:
        """The columns that the model reads."""
        return [spec["name"] for spec in self.model.metadata["inputs"]]

    @cached_property
    def sliced_columns(self) -> tuple[str, ...]:
        """The columns whose groups are measured one by one."""
        from switchyard.evaluation.tables.slices import sliced_columns

        return sliced_columns(self.reporting.slices, self.inputs, self.wanted.contract, self.data)

    @cached_property
    def groups(self) -> dict[str, Grouping]:
        """The test rows by the groups of every column that slices or fairness look at."""
        from switchyard.evaluation.tables.grouping import group_rows

        slices, wanted = self.reporting.slices, self.wanted
        paired = (name for pair in slices.pairs for name in pair)
        names = sorted({*self.sliced_columns, *paired, *self.reporting.sensitive})
        return group_rows(self.subject.test, wanted.train, names, wanted.contract, wanted.features, slices.bins)

    def training_sample(self, columns: Sequence[str], rows: int) -> pl.DataFrame:
        """Training rows drawn at random, without the others in memory.

        Args:
            columns: Which to load.
            rows: How many at most.
        """
        import numpy as np
        import polars as pl

        table = self.wanted.train.select(columns)
        height = int(table.select(pl.len()).collect().item())
        chosen = np.sort(np.random.default_rng(self.seed).permutation(height)[:rows])
        return table.select(pl.all().gather(pl.lit(pl.Series(chosen)))).collect()
