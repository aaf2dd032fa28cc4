"""How training rows are assigned to the folds of cross-validation: the way the split assigned the table's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Data, Split
from switchyard.errors import InputError
from switchyard.training.tables.target import Target

if TYPE_CHECKING:
    import polars as pl
    from sklearn.model_selection import BaseCrossValidator

Fold = tuple[np.ndarray, np.ndarray]


def assign_folds(frame: pl.DataFrame, target: Target, *, data: Data, split: Split, count: int, seed: int) -> list[Fold]:
    """Row numbers to learn from and to score on, one pair per fold.

    By time if the split is (each fold is scored on rows later than all it learned from); else by group
    if there is a group column; else at random. Classes keep their shares, except by time.

    Raises:
        InputError: There are too few rows or groups for so many folds.
    """
    codes = target.encode(frame)
    groups = _groups(frame, data)
    by_time = split.method == "time" and data.time is not None
    order = _by_time(frame, data) if by_time else np.arange(frame.height)
    _check_enough(frame.height, count, "rows")
    if groups is not None and not by_time:
        _check_enough(len(np.unique(groups)), count, f"groups of {data.group!r}")
    splitter = _splitter(target, by_time, groups is not None, count, seed)
    try:
        return [(order[learn], order[score]) for learn, score in splitter.split(order, codes[order], groups)]
    except ValueError as error:
        raise InputError(
            f"search.folds is {count}, which these rows cannot fill: {error} Lower search.folds"
        ) from error


def _by_time(frame: pl.DataFrame, data: Data) -> np.ndarray:
    assert data.time is not None
    return frame[data.time].rank("ordinal").fill_null(0).arg_sort().to_numpy()


def _groups(frame: pl.DataFrame, data: Data) -> np.ndarray | None:
    if data.group is None:
        return None
    return frame[data.group].rank("dense").fill_null(0).to_numpy()


def _check_enough(found: int, count: int, what: str) -> None:
    if found <= count:
        raise InputError(f"search.folds is {count}, but there are only {found} {what} to train on: lower search.folds")


def _splitter(target: Target, by_time: bool, by_group: bool, count: int, seed: int) -> BaseCrossValidator:
    from sklearn import model_selection as s

    if by_time:
        return s.TimeSeriesSplit(count)
    if target.task == "classification":
        kind = s.StratifiedGroupKFold if by_group else s.StratifiedKFold
    else:
        kind = s.GroupKFold if by_group else s.KFold
    return kind(count, shuffle=True, random_state=seed)
