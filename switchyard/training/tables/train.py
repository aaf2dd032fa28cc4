"""One candidate from training rows to a checked ONNX model: what the train step calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.features import Feature, resolve
from switchyard.config.recipes import TableTrain
from switchyard.config.sections import Data, Scalar
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
from switchyard.training.tables.learners import KINDS, Kind, Learner
from switchyard.training.tables.onnx.export import export
from switchyard.training.tables.search import Found, find
from switchyard.training.tables.stability import measure_stability
from switchyard.training.tables.target import Target, fit_target
from switchyard.training.threads import pinned_threads
from switchyard.training.trained import Trained
from switchyard.training.trained import check as check_parity

if TYPE_CHECKING:
    import polars as pl


def train(recipe: TableTrain, train: pl.LazyFrame, validation: pl.LazyFrame) -> Trained:
    """Search hyperparameters on training rows, fit the best on all of them, export, and check parity.

    Args:
        recipe: Of the candidate.
        train: Training rows, in the types of the contract.
        validation: Rows for parity, and to measure other seeds on.

    Raises:
        InputError: The config or the data cannot be learned from.
        SwitchyardError: The ONNX graph does not answer as the fitted model does.
    """
    name, candidate, data, threads = recipe.name, recipe.candidate, recipe.data, recipe.threads
    check_candidate(name, candidate, recipe.task)
    columns = resolve(recipe.features, recipe.contract, data)
    rows = _collect(train, columns, data)
    check_columns(rows, columns)
    others = validation.select([*(column.name for column in columns), data.target]).collect()
    if others.is_empty():
        raise InputError("there are no validation rows to hold the ONNX graph against: enlarge split.validation")
    job = _Job(recipe, columns, fit_target(rows, data, recipe.task), rows, recipe.seed)
    metric = recipe.search.metric or recipe.primary
    started = perf_counter()
    with pinned_threads(threads, with_torch=candidate.type == "mlp"):
        with PeakMemory() as memory:
            found = job.search(metric)
            fitted = job.fit(found.params)
            seconds = perf_counter() - started
            metadata = job.metadata(found.params)
            model = OnnxModel(export(fitted, columns, job.target, metadata), metadata)
            difficult = parity.difficult_rows(others, columns, fitted.encoder)
            measured = parity.measure(fitted, model, difficult, job.target)
        training = {"seconds": perf_counter() - started, "peak_memory_mb": memory.megabytes, "rows": rows.height}
        check_parity(measured, name)
        variability = measure_stability(
            lambda other: fitted if other == recipe.seed else replace(job, seed=other).fit(found.params),
            seeds=[recipe.seed, *other_seeds(recipe.seed, recipe.seeds)] if recipe.seeds else [],
            rows=others,
            target=job.target,
            metric=recipe.primary,
        )
    about = {"parity": measured.as_dict(), "rows": {"train": rows.height, "validation": others.height}}
    metadata |= {"cv": _cv(found, metric), **about, "threads": threads, "seed": recipe.seed, "fit_seconds": seconds}
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

    recipe: TableTrain
    features: tuple[Feature, ...]
    target: Target
    rows: pl.DataFrame
    seed: int

    @property
    def kind(self) -> Kind:
        return KINDS[self.recipe.candidate.type]

    def build(self, params: Mapping[str, Scalar]) -> Learner:
        return self.kind.build(self.target.task, params, self.seed, self.recipe.threads)

    def search(self, metric: str) -> Found:
        recipe = self.recipe
        folds = assign_folds(
            self.rows, self.target, data=recipe.data, split=recipe.split, count=recipe.search.folds, seed=self.seed
        )
        encoded = encode_folds(self.rows, self.features, self.target, folds, self.kind.standardise)

        def score(params: Mapping[str, Scalar]) -> list[float]:
            return cross_validate(self.build(params), encoded, self.target, metric)

        return find(recipe.candidate, score, metric=metric, trials=recipe.search.trials, seed=self.seed)

    def fit(self, params: Mapping[str, Scalar]) -> Fitted:
        encoder = fit_encoder(self.rows, self.features, self.kind.standardise)
        learner = fit_learner(self.build(params), encoder.transform(self.rows), self.target.encode(self.rows))
        return Fitted(encoder, learner, self.target.task)

    def metadata(self, params: dict[str, Scalar]) -> dict[str, Any]:
        """What the ONNX file says of itself: nothing that another run of the same would say differently."""
        return {
            "name": self.recipe.name,
            "candidate": self.recipe.name,
            "type": self.recipe.candidate.type,
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
