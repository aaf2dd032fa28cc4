"""The metrics of groups of test rows: what an overall figure hides.

Every slice has its metrics with their intervals and its number of rows. An accuracy has Wilson's interval, which stays
honest in small groups; the other metrics have the bootstrap's, at most `RESAMPLES` resamples of it and by whole blocks
from 2,000 rows on (`bootstrap.QUICK`), so that a hundred slices of a large table cost little more than scoring it.
In small slices a bootstrap's interval is a little narrow (of an RMSE of 40 rows it covers the truth in 91 % instead of
95 %). Where it would say nothing there is none: with fewer than `INTERVAL_ROWS` rows, for rankings with fewer than
`CLASS_ROWS` rows of some class, and where all resamples agree, as those of a ROC AUC of exactly 1 do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.config.sections import Contract, Data, Metrics, Slices
from switchyard.evaluation.tables.grouping import Grouping, crossed
from switchyard.statistics.bootstrap import QUICK, Estimate, Figure, estimate
from switchyard.statistics.metrics import RANKED, Integers
from switchyard.statistics.proportions import share_of

if TYPE_CHECKING:
    from switchyard.evaluation.scoring import Answers

RESAMPLES = 400
INTERVAL_ROWS = 10
CLASS_ROWS = 5


@dataclass(frozen=True)
class Sliced:
    """The section and what has to be said about it.

    Attributes:
        section: By column (or pair, `sex*pclass`) and slice: `rows`, `small` (fewer than the config's `min_rows`),
            `range` of numeric slices, and each metric as an estimate.
        notes: Columns and slices that were left out, and why.
    """

    section: dict[str, dict[str, dict[str, Any]]]
    notes: tuple[str, ...]


def sliced_columns(settings: Slices, inputs: Iterable[str], contract: Contract, data: Data) -> tuple[str, ...]:
    """The columns that are sliced one by one: those of the config, otherwise the model's own; and those with bins.

    Args:
        settings: The config's section `evaluation.slices`.
        inputs: The columns that the model reads.
        contract: For their types: datetimes are not sliced.
        data: Names the target, which is not either.
    """
    named = settings.columns
    if named is None:
        known = (name for name in inputs if name in contract.columns and name != data.target)
        named = tuple(name for name in known if contract.columns[name].type != "datetime")
    return tuple(dict.fromkeys((*named, *settings.bins)))


def slices(
    answers: Answers,
    groups: Mapping[str, Grouping],
    columns: Sequence[str],
    settings: Slices,
    metrics: Metrics,
    seed: int,
) -> Sliced:
    """Measures each slice.

    Args:
        answers: Of the model on the test rows, all finite.
        groups: From `grouping.group_rows`, of at least `columns` and the columns of the pairs.
        columns: From `sliced_columns`.
        settings: The config's section `evaluation.slices`: pairs and the number of rows below which a slice is small.
        metrics: Confidence and, up to `RESAMPLES`, resamples of the intervals.
        seed: Of the resamples.
    """
    chosen = _chosen(groups, columns, settings)
    # Scores that come sorted are sorted again in no time, slice by slice.
    order = np.argsort(-answers.probabilities[:, answers.positive or 0], kind="stable") if answers.classes else None
    ordered = answers if order is None else _rows_of(answers, order)
    section = {}
    for name, grouping in chosen.items():
        told = grouping if order is None else replace(grouping, codes=grouping.codes[order])
        section[name] = {
            slice_name: {
                "rows": len(rows),
                "small": len(rows) < settings.min_rows,
                **({"range": grouping.ranges[slice_name]} if slice_name in grouping.ranges else {}),
                **_measured(_rows_of(ordered, rows), metrics, seed),
            }
            for slice_name, rows in told
        }
    notes = [f"slices: {grouping.note}" for grouping in chosen.values() if grouping.note]
    return Sliced({name: found for name, found in section.items() if found}, tuple(notes))


def slice_names(groups: Mapping[str, Grouping], columns: Sequence[str], settings: Slices) -> dict[str, tuple[str, ...]]:
    """The slices that `slices` will find, by column and pair: what a gate can name.

    Args:
        groups: From `grouping.group_rows`.
        columns: From `sliced_columns`.
        settings: The config's section `evaluation.slices`.
    """
    return {name: tuple(each for each, _ in found) for name, found in _chosen(groups, columns, settings).items()}


def _chosen(groups: Mapping[str, Grouping], columns: Sequence[str], settings: Slices) -> dict[str, Grouping]:
    chosen = {name: groups[name] for name in columns}
    for one, other in settings.pairs:
        chosen[f"{one}*{other}"] = crossed(groups[one], groups[other], f"{one}*{other}")
    return chosen


def _measured(answers: Answers, metrics: Metrics, seed: int) -> dict[str, Figure]:
    from switchyard.evaluation.scoring import sample_of

    rows = len(answers.truth)
    resamples = min(metrics.bootstrap, RESAMPLES) if rows >= INTERVAL_ROWS else 0
    sample = sample_of(answers)
    found = estimate(sample, resamples=resamples, confidence=metrics.confidence, seed=seed, plan=QUICK)
    unsure = RANKED if _smallest_class(answers) < CLASS_ROWS else frozenset()
    found = {name: _told(each, name in unsure) for name, each in found.items()}
    if answers.classes and metrics.bootstrap:
        found["accuracy"] = share_of(answers.truth == answers.predicted, metrics.confidence)
    return {name: each.as_dict() for name, each in found.items()}


def _smallest_class(answers: Answers) -> int:
    if not answers.classes:
        return len(answers.truth)
    return int(np.bincount(answers.truth[answers.truth >= 0], minlength=len(answers.classes)).min())


def _told(found: Estimate, is_unsure: bool) -> Estimate:
    """Without an interval that says nothing, or belongs to no value."""
    if found.value is None or is_unsure or found.low == found.high:
        return Estimate(found.value, n=found.n)
    return found


def _rows_of(answers: Answers, rows: Integers) -> Answers:
    return replace(
        answers, truth=answers.truth[rows], predicted=answers.predicted[rows], probabilities=answers.probabilities[rows]
    )
