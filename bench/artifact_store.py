"""A table of 1 GB through the artifact store on S3, against a bare copy by s3fs with the same settings.

    python bench/artifact_store.py [--megabytes 1000] [--repeat 3] [--server files|moto]

*Put* is what ZenML does with the output of a step: the materializer stores it and says its content hash. Against it:
`put_file`. *Get* is what the next step does with it: the materializer loads it and the step goes over every column
once. Against it: `get_file` and the same pass over the copy. Each turn is a process of its own, in turns, and the first
of each does not count. Seconds are those of the copy, without the start of Python and its imports; peak memory
is what the process needs beyond that. Goal: at most 1.3 times the bare copy, both for put and for get.

The server is a small one that does nothing but move bytes, on the same machine, so its share of the time is small; with
S3_ENDPOINT set (and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), it is the one that answers there.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
GOAL = 1.3
WHO = {"ours": "artifact store", "bare": "bare s3fs"}
WHAT = {"put": "put: save and content hash, put_file", "get": "get: load, get_file; then a pass over every column"}
BUCKET = "bench"


def main() -> int:
    """Parse, and run either the whole benchmark or, in a child, one copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="turns that count (default 3)")
    parser.add_argument("--server", choices=("files", "moto"), default="files", help="without S3_ENDPOINT")
    parser.add_argument("--copy", nargs=3, metavar=("WHO", "WHAT", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.copy:
        print(json.dumps(measure(*arguments.copy, json.loads(sys.stdin.read()))))
        return 0
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as name:
        folder = Path(name)
        rows = generate(folder / "table.parquet", arguments.megabytes * 10**6)
        print(f"{rows:,} rows, {(folder / 'table.parquet').stat().st_size / 1e6:.0f} MB of Parquet")
        with storage(folder, arguments.server) as variables:
            runs = take_turns(folder / "table.parquet", variables, arguments.repeat)
    met = [report(what, runs[what]) for what in WHAT]
    print(f"load {os.getloadavg()[0]:.1f} after")
    return 0 if all(met) else 1


def generate(path: Path, size: int) -> int:
    """Writes orders of a shop, half a million rows at a time, until the file is as long as wanted."""
    import numpy as np
    import polars as pl
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    rows, step, writer = 0, 500_000, None
    while not path.exists() or path.stat().st_size < size:
        quantity = random.poisson(2, step) + 1
        price = np.round(random.lognormal(3, 1, step), 2)
        discount = pl.Series(np.round(random.beta(2, 8, step), 3))
        table = pl.DataFrame(
            {
                "order": np.arange(rows, rows + step),
                "customer": random.integers(0, 2_000_000, step),
                "placed": pl.Series((1_700_000_000 + random.integers(0, 365 * 86_400, step)) * 10**6).cast(
                    pl.Datetime("us")
                ),
                "country": np.array(["at", "ch", "de", "fr", "it"])[random.integers(0, 5, step)],
                "product": pl.Series(random.integers(0, 50_000, step)).cast(pl.String).str.zfill(8),
                "quantity": quantity,
                "price": price,
                "discount": discount.set(discount < 0.05, None),
                "total": quantity * price,
                "latitude": random.normal(48, 3, step),
                "longitude": random.normal(9, 4, step),
                "returned": random.random(step) < 0.08,
            }
        ).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
        rows += step
    if writer:
        writer.close()
    return rows


@contextmanager
def storage(folder: Path, server: str) -> Iterator[dict[str, str]]:
    """A bucket; the variables of the stack file."""
    from rehearsal.processes import free_port
    from rehearsal.processes import server as started
    from rehearsal.storage import s3_server

    if server == "moto" or "S3_ENDPOINT" in os.environ:
        with s3_server(folder / "s3", BUCKET) as variables:
            yield variables
        return
    port = free_port()
    (folder / "objects").mkdir()
    program = [sys.executable, str(ROOT / "bench" / "programs" / "s3_of_files.py"), str(port), str(folder / "objects")]
    os.environ["S3_ENDPOINT"] = f"http://127.0.0.1:{port}"
    with (
        started("s3", program, f"{os.environ['S3_ENDPOINT']}/", folder / "s3"),
        s3_server(folder / "s3", BUCKET) as variables,
    ):
        yield variables


Runs = dict[str, list[dict[str, float]]]


def take_turns(table: Path, variables: dict[str, str], repeat: int) -> dict[str, Runs]:
    """What each copy took, the order reversed each time; the first turn only warms up."""
    runs: dict[str, Runs] = {what: {who: [] for who in WHO} for what in WHAT}
    for turn in range(repeat + 1):
        for who in list(WHO) if turn % 2 else reversed(WHO):
            for what in WHAT:  # what one has put, it gets again, and removes it
                command = [sys.executable, __file__, "--copy", who, what, str(table)]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, text=True, input=json.dumps(variables)
                )
                if turn:
                    runs[what][who].append(json.loads(done.stdout))
    return runs


def report(what: str, runs: Runs) -> bool:
    """Prints medians and the ratio; true if the goal is met."""
    print(f"\n{WHAT[what]}\n{'':18}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}   all turns")
    for who, measured in runs.items():
        median = {name: statistics.median(run[name] for run in measured) for name in ("seconds", "cpu")}
        peak = max(run["peak_mb"] for run in measured)
        turns = ", ".join(f"{run['seconds']:.2f}" for run in measured)
        print(f"  {WHO[who]:16}{median['seconds']:9.2f}{median['cpu']:8.2f}{peak:9.0f}   {turns}")
    ratio = statistics.median(a["seconds"] / b["seconds"] for a, b in zip(*runs.values(), strict=True))
    print(f"  ratio {ratio:.2f} (goal: at most {GOAL}): {'met' if ratio <= GOAL else 'MISSED'}")
    return ratio <= GOAL


def measure(who: str, what: str, path: str, variables: dict[str, str]) -> dict[str, float]:
    """One copy in this process: seconds, CPU seconds and memory beyond what the imports take."""
    store = artifact_store(variables)
    uri = f"{variables['S3_BUCKET_URI']}/{who}"
    prepared = PREPARE[what](Path(path))
    store.filesystem.ls(variables["S3_BUCKET_URI"])  # connected, and what is imported late is there
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of the copy from here on
    before, started, spent = _memory("VmRSS"), time.perf_counter(), time.process_time()
    COPY[who, what](store, uri, prepared)
    seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    found = {"seconds": seconds, "cpu": cpu, "peak_mb": _memory("VmHWM") - before}
    if what == "get":
        store.filesystem.rm(uri, recursive=True)
    shutil.rmtree(prepared.parent)
    store.cleanup()
    return found


def artifact_store(variables: dict[str, str]) -> Any:
    """ZenML's, with the settings of stacks/kubeflow.yaml and the keys in it."""
    import uuid
    from datetime import UTC, datetime

    import polars  # noqa: F401 - imported by both
    from zenml.enums import StackComponentType
    from zenml.integrations.s3.artifact_stores.s3_artifact_store import S3ArtifactStore
    from zenml.integrations.s3.flavors.s3_artifact_store_flavor import S3ArtifactStoreConfig

    from stacks.setup.stack_file import read_stack

    unused = {"KFP_NAMESPACE": "ml", "MLFLOW_URL": "http://127.0.0.1:9", "REGISTRY": "127.0.0.1:9"}
    config = dict(read_stack("kubeflow", variables | unused).components["artifact_store"].config)
    config.pop("authentication_secret")
    keys = {"key": variables["S3_ACCESS_KEY_ID"], "secret": variables["S3_SECRET_ACCESS_KEY"]}
    now = datetime.now(UTC)
    return S3ArtifactStore(
        name="s3",
        id=uuid.uuid4(),
        config=S3ArtifactStoreConfig(**config, **keys),
        flavor="s3",
        type=StackComponentType.ARTIFACT_STORE,
        user=None,
        created=now,
        updated=now,
    )


def _linked(table: Path) -> Path:
    """The table in a folder of its own, from which it may be moved away."""
    folder = Path(tempfile.mkdtemp(dir=table.parent))
    os.link(table, folder / "raw.parquet")
    return folder / "raw.parquet"


def _empty(table: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=table.parent)) / "raw.parquet"


def _put_ours(store: Any, uri: str, file: Path) -> None:
    from steps.storage.artifacts import DatasetMaterializer
    from switchyard.data.dataset import Dataset

    materializer = DatasetMaterializer(uri=uri, artifact_store=store)
    data = Dataset(root=str(file.parent), parts=("raw",))
    materializer.save(data)
    materializer.compute_content_hash(data)


def _get_ours(store: Any, uri: str, file: Path) -> None:
    from steps.storage.artifacts import DatasetMaterializer
    from switchyard.data.dataset import Dataset

    _go_over(DatasetMaterializer(uri=uri, artifact_store=store).load(Dataset).scan("raw"))


def _put_bare(store: Any, uri: str, file: Path) -> None:
    store.filesystem.put_file(str(file), f"{uri}/raw.parquet")
    file.unlink()  # a move on the other side


def _get_bare(store: Any, uri: str, file: Path) -> None:
    import polars as pl

    store.filesystem.get_file(f"{uri}/raw.parquet", str(file))
    _go_over(pl.scan_parquet(file))


def _go_over(table: Any) -> None:
    """Looks at each value once."""
    import polars as pl

    table.select(pl.all().min()).collect(engine="streaming")


def _memory(what: str) -> float:
    """In MB, from what Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


PREPARE = {"put": _linked, "get": _empty}
COPY = {
    ("ours", "put"): _put_ours,
    ("ours", "get"): _get_ours,
    ("bare", "put"): _put_bare,
    ("bare", "get"): _get_bare,
}


if __name__ == "__main__":
    sys.exit(main())
