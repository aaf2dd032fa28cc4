"""One candidate from training rows to a checked ONNX model: what the train step calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.features import Feature, resolve
from switchyard.config.sections import Candidate, Contract, Data, Features, Metrics, Scalar, Search, Split, Task
from switchyard.errors import InputError
from switchyard.model.environment import versions
from switchyard.model.onnx_model import OnnxModel
from switchyard.training.peak_memory import PeakMemory
from switchyard.training.seeds import other_seeds
from switchyard.training.tables import parity
from switchyard.training.tables.check import check_candidate
from switchyard.training.tables.cross_validation import cross_validate, encode_folds
from switchyard.training.tables.encoder import check_columns, fit_encoder
from switchyard.training.tables.fitted import Fitted, fit_learner
from switchyard.training.tables.folds import assign_folds
from switchyard.training.tables.learners import KINDS, Learner
from switchyard.training.tables.onnx.export import export
from switchyard.training.tables.search import Found, find
from switchyard.training.tables.stability import measure_stability
from switchyard.training.tables.target import Target, fit_target
from switchyard.training.threads import pinned_threads
from switchyard.training.trained import Trained
from switchyard.training.trained import check as check_parity

if TYPE_CHECKING:
    import polars as pl


def train(
    name: str,
    candidate: Candidate,
    *,
    data: Data,
    task: Task,
    contract: Contract,
    features: Features,
    search: Search,
    metrics: Metrics,
    seed: int,
    threads: int,
    train: pl.LazyFrame,
    validation: pl.LazyFrame,
    split: Split | None = None,
    use_case: str | None = None,
    seeds: int = 0,
) -> Trained:
    """Search hyperparameters on training rows, fit the best on all of them, export, and check parity.

    Args:
        name: The candidate's name in the config.
        candidate: Its type, parameters and search spaces.
        data: Roles of columns.
        task: Classification or regression.
        contract: Types of columns, in which `train` and `validation` already are.
        features: Which columns the model sees.
        search: Budget, folds and metric of the search.
        metrics: `primary` is searched for unless `search.metric` is set.
        seed: Of everything random.
        threads: Of everything parallel; other counts may give other (equally good) models.
        train: Training rows.
        validation: Rows for parity, and to measure other seeds on.
        split: How the table was split, so that cross-validation does the same (by time, for one).
        use_case: The model's name, if it is not to be the candidate's.
        seeds: With how many other seeds the tuned candidate is fitted again, to see how much of it is variability.

    Raises:
        InputError: The config or the data cannot be learned from.
        SwitchyardError: The ONNX graph does not answer as the fitted model does.
    """
    check_candidate(name, candidate, task)
    columns = resolve(features, contract, data)
    rows = _collect(train, columns, data)
    check_columns(rows, columns)
    others = validation.select([*(column.name for column in columns), data.target]).collect()
    if others.is_empty():
        raise InputError("there are no validation rows to hold the ONNX graph against: enlarge split.validation")
    job = _Job(candidate, columns, fit_target(rows, data, task), rows, seed, threads)
    metric = search.metric or metrics.primary
    started = perf_counter()
    with pinned_threads(threads, with_torch=candidate.type == "mlp"):
        with PeakMemory() as memory:
            found = job.search(search, metric, data, split or Split())
            fitted = job.fit(found.params)
            seconds = perf_counter() - started
            metadata = job.metadata(name, use_case or name, found.params)
            model = OnnxModel(export(fitted, columns, job.target, metadata), metadata)
            difficult = parity.difficult_rows(others, columns, fitted.encoder)
            measured = parity.measure(fitted, model, difficult, job.target)
        training = {"seconds": perf_counter() - started, "peak_memory_mb": memory.megabytes, "rows": rows.height}
        check_parity(measured, name)
        variability = measure_stability(
            lambda other: fitted if other == seed else replace(job, seed=other).fit(found.params),
            seeds=[seed, *other_seeds(seed, seeds)] if seeds else [],
            rows=others,
            target=job.target,
            metric=metrics.primary,
        )
    about = {"parity": measured.as_dict(), "rows": {"train": rows.height, "validation": others.height}}
    metadata |= {"cv": _cv(found, metric), **about, "threads": threads, "seed": seed, "fit_seconds": seconds}
    metadata |= {"training": training, "stability": variability}
    metadata |= {
        "sha256": hashlib.sha256(model.content).hexdigest(),
        "size": len(model.content),
        "versions": versions(),
    }
    return Trained(model, found.history)


@dataclass(frozen=True)
class _Job:
    """What search and fit share."""

    candidate: Candidate
    features: tuple[Feature, ...]
    target: Target
    rows: pl.DataFrame
    seed: int
    threads: int

    def build(self, params: Mapping[str, Scalar]) -> Learner:
        return KINDS[self.candidate.type].build(self.target.task, params, self.seed, self.threads)

    def search(self, budget: Search, metric: str, data: Data, split: Split) -> Found:
        folds = assign_folds(self.rows, self.target, data=data, split=split, count=budget.folds, seed=self.seed)
        encoded = encode_folds(self.rows, self.features, self.target, folds, KINDS[self.candidate.type].standardise)

        def score(params: Mapping[str, Scalar]) -> list[float]:
            return cross_validate(self.build(params), encoded, self.target, metric)

        return find(self.candidate, score, metric=metric, trials=budget.trials, seed=self.seed)

    def fit(self, params: Mapping[str, Scalar]) -> Fitted:
        encoder = fit_encoder(self.rows, self.features, KINDS[self.candidate.type].standardise)
        learner = fit_learner(self.build(params), encoder.transform(self.rows), self.target.encode(self.rows))
        return Fitted(encoder, learner, self.target.task)

    def metadata(self, name: str, use_case: str, params: dict[str, Scalar]) -> dict[str, Any]:
        """What the ONNX file says of itself: nothing that another run of the same would say differently."""
        return {
            "name": use_case,
            "candidate": name,
            "type": self.candidate.type,
            "task": self.target.task,
            "target": self.target.name,
            "classes": list(self.target.classes),
            "positive": self.target.positive,
            "inputs": [{"name": f.name, "datatype": f.datatype} for f in self.features],
            "params": params,
        }


def _collect(train: pl.LazyFrame, features: tuple[Feature, ...], data: Data) -> pl.DataFrame:
    roles = [name for name in (data.target, data.group, data.time) if name is not None]
    return train.select(list(dict.fromkeys([*(feature.name for feature in features), *roles]))).collect()


def _cv(found: Found, metric: str) -> dict[str, Any]:
    mean, std = float(np.mean(found.folds)), float(np.std(found.folds))
    return {"metric": metric, "mean": mean, "std": std, "folds": found.folds}
