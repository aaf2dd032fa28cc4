"""The contract of 10 million rows and 8 columns against a bare Polars pass with the same expressions.

`python bench/contract.py [--rows N] [--repeat N]` makes the file in a temporary folder (seeded), then runs
contract and bare pass in turns, each in a process of its own, and prints the median times, their ratio
(goal: at most 1.5) and the peak memory (goal: under 1.5 GB). Two contracts are measured: rules that look at
one row at a time, and the same with a unique column and no duplicate rows, which need memory. The time is
that of the check, without the start of Python and its imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "id": {"type": "integer", "min": 0},
    "age": {"type": "number", "nullable": True, "min": 0, "max": 120},
    "income": {"type": "number", "min": 0},
    "visits": {"type": "integer", "min": 0, "max": 1000},
    "country": {"type": "string", "allowed": ["at", "ch", "de", "fr", "it"]},
    "code": {"type": "string", "pattern": "[A-Z]{2}[0-9]{4}"},
    "member": {"type": "boolean"},
    "seen": {"type": "datetime"},
}
GOAL_RATIO, GOAL_MB = 1.5, 1500


def main() -> int:
    """Parse, and run either the whole benchmark or, in a child, one pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--pass", dest="one", nargs=3, metavar=("WHO", "UNIQUE", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        who, unique, path = arguments.one
        print(json.dumps(measure(who, unique == "unique", path)))
        return 0
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        path = Path(folder) / "table.parquet"
        generate(path, arguments.rows)
        print(f"{arguments.rows:,} rows x {len(COLUMNS)} columns, {path.stat().st_size / 1e6:.0f} MB of Parquet")
        met = [compare(path, unique, arguments.repeat) for unique in ("rows", "unique")]
        return 0 if all(met) else 1


def generate(path: Path, rows: int) -> None:
    """Write the table, a million rows at a time."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    writer = None
    for start in range(0, rows, 1_000_000):
        size = min(1_000_000, rows - start)
        age = random.uniform(0, 110, size)
        letters = random.integers(65, 91, (size, 2), dtype=np.uint8)
        digits = random.integers(48, 58, (size, 4), dtype=np.uint8)
        table = pl.DataFrame(
            {
                "id": np.arange(start, start + size),
                "age": pl.Series(age).set(pl.Series(age < 5), None),
                "income": random.lognormal(10, 1, size),
                "visits": random.poisson(4, size).astype(np.int64),
                "country": np.array(COLUMNS["country"]["allowed"])[random.integers(0, 5, size)],
                "code": np.hstack([letters, digits]).view("S6").ravel().astype(str),
                "member": random.random(size) < 0.5,
                "seen": pl.Series(random.integers(1_500_000_000, 1_700_000_000, size) * 10**6).cast(pl.Datetime("us")),
            }
        ).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


def compare(path: Path, unique: str, repeat: int) -> bool:
    """Run both passes in turns and print what they took; true if both goals hold."""
    runs = {"contract": [], "bare": []}
    for turn in range(repeat + 1):
        for who in ("contract", "bare") if turn % 2 else ("bare", "contract"):
            command = [sys.executable, __file__, "--pass", who, unique, str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if turn:  # the first turn only fills the page cache
                runs[who].append(json.loads(done.stdout))
    times = {who: statistics.median(run["seconds"] for run in measured) for who, measured in runs.items()}
    peaks = {who: max(run["peak_mb"] for run in measured) for who, measured in runs.items()}
    ratio = times["contract"] / times["bare"]
    print("rules of one row at a time" if unique == "rows" else "with a unique column and no duplicate rows")
    for who in runs:
        print(f"  {who:8}  {times[who]:6.2f} s  peak {peaks[who]:5.0f} MB")
    met = ratio <= GOAL_RATIO and peaks["contract"] < GOAL_MB
    print(f"  ratio {ratio:.2f} (goal {GOAL_RATIO}), peak (goal {GOAL_MB} MB): {'met' if met else 'MISSED'}")
    return met


def measure(who: str, unique: bool, path: str) -> dict[str, float]:
    """One pass in this process: seconds and peak memory."""
    sys.path.insert(0, str(ROOT))
    import polars as pl

    from switchyard.config.sections import Contract
    from switchyard.data.tables.contract import contract as checker

    columns = {name: dict(column) for name, column in COLUMNS.items()}
    table = {"min_rows": 1}
    if unique:
        columns["id"]["unique"] = True
        table["max_duplicate_rows"] = 0
    asked = Contract.model_validate({"columns": columns, "table": table})
    started = time.perf_counter()
    if who == "contract":
        report = checker.check(pl.scan_parquet(path), asked, "member")
        assert report.passed, report.sentence()
    else:
        bare(path, unique)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def bare(path: str, unique: bool) -> None:
    """The same measurements, written by hand for this table."""
    import polars as pl

    from switchyard.data.tables.contract.repeats import row_hash

    age, income = pl.col("age").fill_nan(None), pl.col("income").fill_nan(None)
    expressions = [
        pl.len().alias("rows"),
        *(pl.col(name).null_count().alias(f"{name} null") for name in COLUMNS),
        age.null_count().alias("age missing"),
        income.null_count().alias("income missing"),
        pl.col("age").is_infinite().sum().alias("age type"),
        pl.col("income").is_infinite().sum().alias("income type"),
        *(
            getattr(value, extreme)().alias(f"{value.meta.output_name()} {extreme}")
            for value in (pl.col("id"), age, income, pl.col("visits"), pl.col("seen"), pl.col("member"))
            for extreme in ("min", "max")
        ),
        (pl.col("id") < 0).sum().alias("id below"),
        (age < 0).sum().alias("age below"),
        (age > 120).sum().alias("age above"),
        (income < 0).sum().alias("income below"),
        (pl.col("visits") < 0).sum().alias("visits below"),
        (pl.col("visits") > 1000).sum().alias("visits above"),
        (~pl.col("country").is_in(COLUMNS["country"]["allowed"])).sum().alias("country allowed"),
        (~pl.col("code").str.contains(r"\A(?:[A-Z]{2}[0-9]{4})\z")).sum().alias("code pattern"),
    ]
    if unique:
        expressions.append(pl.col("id").n_unique().alias("id unique"))
        expressions.append(row_hash(list(COLUMNS)).n_unique().alias("duplicate rows"))
    pl.scan_parquet(path).select(expressions).collect(engine="streaming")


if __name__ == "__main__":
    sys.exit(main())
