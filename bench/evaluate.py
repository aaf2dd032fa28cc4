"""What the evaluate step does with 100,000 test rows against scoring these rows once with onnxruntime.

`python bench/evaluate.py [--rows N] [--repeat N] [--model NAME …]` trains a small model of each kind on a seeded
table of six numbers and four categories, two classes. Then, in turns within one process, the ONNX file answers all
rows once (raw columns to arrays, and onnxruntime, as `scoring.outputs_of` does it), and everything that the step does
is done: validation rows, test rows, metrics, every section with its intervals, gates, the page and the JSON. Printed
are both medians, the median ratio (goal: at most 30), the same of CPU time, which a busy machine distorts less, and
the CPU seconds of each part in the last turn. Reading inputs from the artifact store and telling MLflow are not in it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GOAL = 30
TRAINED_ON, VALIDATION = 20_000, 20_000
CANDIDATES = {
    "linear": {"type": "logistic_regression"},
    "boosting": {"type": "hist_gradient_boosting", "params": {"max_iter": 100}},
    "forest": {"type": "random_forest", "params": {"n_estimators": 100, "max_depth": 10}},
    "network": {"type": "mlp", "params": {"epochs": 3}},
}
# Module and function, in the order of the step; a part of which another one is made is told with it.
PARTS = (
    ("evaluate", "ask"),
    ("evaluate", "score"),
    ("evaluate", "latency_ms"),
    ("calibration", "calibration"),
    ("thresholds", "thresholds"),
    ("grouping", "group_rows"),
    ("slices", "slices"),
    ("fairness", "fairness"),
    ("importances", "importances"),
    ("explanations", "explanations"),
    ("robustness", "robustness"),
    ("expectations", "check_expectations"),
)


def main() -> int:
    """Measure each kind of model; 0 if all meet the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--model", nargs="+", choices=list(CANDIDATES), default=["linear", "boosting", "forest"])
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    met = [compare(name, arguments.rows, arguments.repeat) for name in arguments.model]
    return 0 if all(met) else 1


def compare(name: str, rows: int, repeat: int) -> bool:
    """Train one model, measure both sides in turns, print them; true if the goal holds."""
    from switchyard.evaluation.scoring import outputs_of

    config, tables, model = prepared(name, rows)
    test = tables["test"].collect()
    spent: dict[str, float] = {}
    watched(spent)
    once, whole = [], []
    for turn in range(repeat + 1):
        scored = timed(lambda: outputs_of(model, test))
        spent.clear()
        done = timed(lambda: step(config, tables, model, spent))
        if turn:  # the first turn imports and warms up
            once.append(scored)
            whole.append(done)
    pairs = list(zip(once, whole, strict=True))
    ratio, of_cpu = (statistics.median(after[i] / before[i] for before, after in pairs) for i in (0, 1))
    scored_s, done_s = (statistics.median(each[0] for each in side) for side in (once, whole))
    verdict = "met" if ratio <= GOAL else "MISSED"
    print(f"{name}, {rows:,} rows: scored once in {scored_s:.3f} s, evaluated in {done_s:.2f} s")
    print(f"  ratio {ratio:.1f} (goal {GOAL}), of CPU time {of_cpu:.1f}: {verdict}")
    parts = sorted(spent.items(), key=lambda each: -each[1])
    told = ", ".join(f"{part} {seconds:.2f}" for part, seconds in parts if seconds >= 0.005)
    total = whole[-1][1]
    print(f"  of {total:.2f} CPU s: {told}, the rest {total - sum(spent.values()):.2f}", flush=True)
    return ratio <= GOAL


def prepared(name: str, rows: int) -> tuple[Any, dict[str, Any], Any]:
    """A config, the tables by part, and the ONNX model."""
    from switchyard.config.sections import Config
    from switchyard.tasks.recipes import Recipes
    from switchyard.training.tables.train import train

    number, values = {"type": "number", "nullable": True}, ["a", "b", "c", "d", "e"]
    columns: dict[str, Any] = {f"n{i}": number for i in range(6)}
    columns |= {f"c{i}": {"type": "string", "allowed": values} for i in range(4)}
    columns["y"] = {"type": "string", "allowed": ["no", "yes"]}
    config = Config.model_validate(
        {
            "name": "bench",
            "task": "classification",
            "data": {"uri": "bench.parquet", "target": "y", "positive": "yes"},
            "contract": {"columns": columns},
            "candidates": {name: CANDIDATES[name]},
            "search": {"trials": 1, "folds": 2},
            "metrics": {"primary": "roc_auc"},
            "gates": {"roc_auc": ">= 0.5", "slices.c0.a.roc_auc.low": ">= 0.5", "calibration.ece": "<= 1"},
            "evaluation": {"sensitive": ["c0"]},
            "expectations": {
                "directional": [{"name": "more", "column": "n0", "add": 0.5, "score": "not lower", "tolerance": 1}]
            },
        }
    )
    parts = {"train": TRAINED_ON, "validation": VALIDATION, "test": rows}
    tables = {part: table(size, seed).lazy() for seed, (part, size) in enumerate(parts.items())}
    recipe = Recipes.of(config).train[name].replaced(seeds=0)
    trained = train(recipe, tables["train"], tables["validation"])
    return config, tables, trained.model


def table(rows: int, seed: int) -> Any:
    """Six numbers, one of them with gaps, four categories, and a target that most of them have a part in."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 6))
    codes = random.integers(0, 5, size=(rows, 4))
    score = numbers @ [1.0, -0.7, 0.5, 0.3, 0.0, 0.0] + codes @ [0.4, -0.3, 0.2, 0.0] + random.logistic(size=rows)
    frame = pl.DataFrame(
        {
            **{f"n{i}": numbers[:, i] for i in range(6)},
            **{f"c{i}": np.array(["a", "b", "c", "d", "e"])[codes[:, i]] for i in range(4)},
            "y": np.where(score > 0.5, "yes", "no"),
        }
    )
    return frame.with_columns(n5=pl.when(pl.col("n5") > 1).then(None).otherwise("n5"))


def step(config: Any, tables: dict[str, Any], model: Any, spent: dict[str, float]) -> None:
    """What steps/evaluate.py does between reading and writing artifacts."""
    from switchyard.evaluation.gates.judge import judge, sentence
    from switchyard.evaluation.report.page import to_html
    from switchyard.evaluation.tables.evaluate import evaluate
    from switchyard.report import Report
    from switchyard.tasks.recipes import Recipes

    recipe = Recipes.of(config).evaluate
    found = evaluate([model], tables["validation"], tables["test"], recipe, train=tables["train"])
    started = time.process_time()
    gates = judge(config.gates, found.report)
    page = to_html(found.report, gates, sentence(gates))
    Report(found.report, page).facts_json()
    spent["page and JSON"] = time.process_time() - started


def watched(spent: dict[str, float]) -> None:
    """Let each part add what it takes to `spent`."""
    import importlib

    for module, function in PARTS:
        place = importlib.import_module(f"switchyard.evaluation.{module}")
        plain = getattr(place, function)
        setattr(place, function, _watched(getattr(plain, "plain", plain), function, spent))


def _watched(plain: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    def measured(*arguments: Any, **named: Any) -> Any:
        started = time.process_time()
        try:
            return plain(*arguments, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - started

    measured.plain = plain  # type: ignore[attr-defined]
    return measured


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock, and of the processors."""
    started, processors = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - processors


if __name__ == "__main__":
    sys.exit(main())
