"""Shapley values: what each column contributes to the score of a row, from the ONNX file alone.

A column is taken out of a row by giving it the values of background rows, all columns alike (the interventional value
function of Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017). Up to
`EXACT_COLUMNS` columns every coalition is asked, beyond that Kernel SHAP asks those of one and two columns (and all but
these) and samples the rest (Covert and Lee, "Improving KernelSHAP", AISTATS 2021). Both are lightshap's: it takes any
function, in NumPy alone; shap would do the same with numba, which is 200 MB more and compiles for ten seconds in each
new process.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from switchyard.evaluation.scoring import positive_of
from switchyard.evaluation.tables.scores import scores
from switchyard.statistics import labels
from switchyard.statistics.metrics import Floats

if TYPE_CHECKING:
    import polars as pl

    from switchyard.model.onnx_model import OnnxModel

EXACT_COLUMNS = 10
BACKGROUND_ROWS = 100
_ASKED_ROWS = 300_000  # by all explained rows together, about; the background shrinks down to a third for that
_ITERATIONS = 50
_TOLERANCE = 0.002  # standard error of a sampled contribution, of the range of all: below it the sampling ends
_SLICE_ROWS = 20_000


def explanations(
    model: OnnxModel, rows: pl.DataFrame, *, background: pl.DataFrame, target: str | None = None, seed: int
) -> dict[str, Any]:
    """Why the model scores some rows as it does.

    Args:
        model: The ONNX file.
        rows: Raw rows; the golden ones are `example_rows.choose`'s.
        background: Rows that stand for all, such as those of training; some `BACKGROUND_ROWS` of them are drawn.
        target: The column with the true answer, if `rows` have it.
        seed: Of the background, and of the coalitions where not all are asked.

    Returns:
        `method` ("exact" or "sampled"), `background` (how many rows), `base` (the mean score of the background) and
        `rows`: `row`, `true`, `label` (the class whose probability is the score, or None), `score`, `base`, and
        `contributions` by column, which add up to `score - base`; `error` is their largest standard error.
        With three or more classes a row's score is the probability of the class that it is given, and so is its base;
        the `base` of the whole is then None.
    """
    names = [spec["name"] for spec in model.metadata["inputs"]]
    count = _background_rows(len(names), rows.height)
    chosen = np.random.default_rng(seed).permutation(background.height)[:count]
    game = _Game(model, names, rows.select(names), background.select(names)[np.sort(chosen)])
    answered = game.answers(np.repeat(np.arange(rows.height)[:, None], len(names), axis=1))
    positions = _score_positions(model, answered)
    contributions, errors, bases, values = (
        np.zeros(shape) for shape in ((rows.height, len(names)), *[rows.height] * 3)
    )
    for position in dict.fromkeys(positions):
        which = np.array([i for i, each in enumerate(positions) if each == position])
        contributions[which], errors[which], bases[which], values[which] = game.shapley(which, position, seed)
    classes = model.metadata.get("classes")
    return {
        "method": "exact" if len(names) <= EXACT_COLUMNS else "sampled",
        "background": len(chosen),
        "base": float(bases[0]) if len(set(positions)) == 1 else None,
        "rows": [
            {
                "row": {name: rows[name][i] for name in names},
                "true": rows[target][i] if target is not None else None,
                "label": None if position is None or classes is None else classes[position],
                "score": float(values[i]),
                "base": float(bases[i]),
                "contributions": dict(zip(names, map(float, contributions[i]), strict=True)),
                "error": float(errors[i]),
            }
            for i, position in enumerate(positions)
        ],
    }


class _Game:
    """Rows and background behind row numbers: column k of a coalition is the number of the row that gives its value."""

    def __init__(self, model: OnnxModel, names: list[str], rows: pl.DataFrame, background: pl.DataFrame) -> None:
        self.model, self.names = model, names
        self.count, self.others = rows.height, background.height
        feeds = [model.inputs(rows), model.inputs(background)]
        self.values = {name: np.concatenate([feed[name] for feed in feeds]) for name in names}

    def answers(self, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of the graph for rows put together from numbered ones, (rows, columns)."""
        session = self.model.session
        outputs = [output.name for output in session.get_outputs()]
        whole = numbers.astype(np.int64)
        parts = []
        for start in range(0, len(whole), _SLICE_ROWS):
            part = whole[start : start + _SLICE_ROWS]
            parts.append(
                session.run(outputs, {name: self.values[name][part[:, k]] for k, name in enumerate(self.names)})
            )
        return {name: np.concatenate(each) for name, each in zip(outputs, zip(*parts, strict=True), strict=True)}

    def shapley(self, which: np.ndarray, position: int | None, seed: int) -> tuple[Floats, Floats, float, Floats]:
        """Contributions (rows, columns), their largest standard errors (rows,), the base and the scores (rows,)."""

        def score(numbers: np.ndarray) -> Floats:
            return scores(self.answers(np.asarray(numbers)), position)

        width = len(self.names)
        asked = np.repeat(which[:, None], width, axis=1).astype(float)
        others = np.repeat(self.count + np.arange(self.others)[:, None], width, axis=1).astype(float)
        values, base = score(asked), float(score(others).mean())
        if width == 1:  # a game of one player, which lightshap does not play
            return (values - base)[:, None], np.zeros(len(which)), base, values
        from lightshap import explain_any

        exact = width <= EXACT_COLUMNS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that the sampling could go on; the error says how far it got
            found = explain_any(
                score,
                asked,
                bg_X=others,
                method="permutation" if exact else "kernel",
                how="exact" if exact else "h2",
                max_iter=_ITERATIONS,
                tol=_TOLERANCE,
                random_state=seed,
                verbose=False,
            )
        errors = np.zeros(len(which)) if exact else np.abs(found.standard_errors).max(axis=1)
        return np.asarray(found.shap_values), errors, base, values


def _background_rows(columns: int, rows: int) -> int:
    """Fewer where every coalition of many columns is asked."""
    if columns > EXACT_COLUMNS:
        return BACKGROUND_ROWS
    return int(np.clip(_ASKED_ROWS // (2**columns * max(rows, 1)), BACKGROUND_ROWS // 3, BACKGROUND_ROWS))


def _score_positions(model: OnnxModel, answered: dict[str, np.ndarray]) -> list[int | None]:
    """For each row the class whose probability is its score: the positive one, or of several the answered one."""
    if model.metadata["task"] == "regression":
        return [None] * len(answered["prediction"])
    given = answered["label"].reshape(-1).tolist()
    positive = positive_of(model.metadata)
    if positive is not None:
        return [positive] * len(given)
    table = labels.positions(given, model.metadata["classes"])
    return [table[label] for label in given]
