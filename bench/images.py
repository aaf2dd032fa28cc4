"""Training of images against a bare torch loop, reading from Parquet, and the search of a large gallery.

`python bench/images.py [--epochs N] [--repeat N] [--gallery N]` trains the default network on the demo digits: by
`switchyard.training.images.training` (with its checkpoint) and by a plain loop over the same model, loader and
augmentation, in turns, on one thread, and prints images a second of CPU time and their ratio (goal: at most 1.1). Then
it reads and decodes the digits from Parquet without a cache, and searches a gallery of random embeddings whole, in the
ONNX graph, and by the FAISS index, with the index's recall.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIGITS = ROOT / "data" / "digits.parquet"
GOAL = 1.1
SEED = 1


def main() -> int:
    """Run the three parts; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--gallery", type=int, default=100_000)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        tables = digits(Path(folder))
        ratio = training(tables, arguments.epochs, arguments.repeat, Path(folder))
        reading(tables)
    searching(arguments.gallery)
    return 0 if ratio <= GOAL else 1


def digits(folder: Path) -> tuple[Path, Path]:
    """The demo data with the columns of an ingested table, 4,000 images to train on and 1,000 to validate."""
    import hashlib

    import polars as pl

    rows = pl.read_parquet(DIGITS)
    columns = [pl.col("image"), pl.col("label").cast(pl.String)]
    rows = rows.select(columns).sample(fraction=1, shuffle=True, seed=SEED)
    hashes = [hashlib.sha256(image).hexdigest() for image in rows["image"]]
    rows = rows.with_columns(pl.Series("hash", hashes), pl.Series("path", [f"{n}.png" for n in range(rows.height)]))
    paths = folder / "training.parquet", folder / "validation.parquet"
    rows[:4000].write_parquet(paths[0], row_group_size=500)
    rows[4000:].write_parquet(paths[1], row_group_size=500)
    return paths


def settings(**given):
    """Those of the demo."""
    from switchyard.training.images.settings import ImageTraining

    return ImageTraining(size=(28, 28), channels=1, **given)


def make_job(tables: tuple[Path, Path], epochs: int, folder: Path | None):
    """A new network, and loaders that hold all pixels in memory."""
    import torch

    from switchyard.data.images.image_table import ImageTable
    from switchyard.training.images.job import Job
    from switchyard.training.images.loader import Loader
    from switchyard.training.images.network import Classifier, Encoder

    how = settings(epochs=epochs, patience=0)
    opened = [ImageTable.open(path) for path in tables]
    loaders = [Loader.open(table, opened[0].classes, how, SEED) for table in opened]
    torch.manual_seed(SEED)
    network = Classifier(Encoder(how.size, 1, how.width, torch.full((1,), 0.13), torch.full((1,), 0.31)), 10)
    return Job(network, *loaders, how, SEED, folder)


def ours(job) -> None:
    """Train as the train step does."""
    from switchyard.training.images.training import run

    run(job, lambda epoch: None)


def bare(job) -> None:
    """The same by a loop as torch's tutorials write it."""
    import torch

    from switchyard.training.images import augmentation

    network, encoder = job.network.to(memory_format=torch.channels_last), job.network.encoder
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.004, weight_decay=0.01, fused=True)
    steps = job.settings.epochs * job.training.steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.004, total_steps=steps)
    generator = torch.Generator().manual_seed(SEED)
    batches, validation = job.training.training(), job.validation.in_order()
    for _ in range(job.settings.epochs):
        network.train()
        for batch in batches:
            images = encoder.scaled(batch.pixels)
            images = augmentation.apply(images, augmentation.draw(job.settings, len(images), generator))
            images = encoder.normalised(images).contiguous(memory_format=torch.channels_last)
            loss = network(images, batch.targets)[0].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        network.eval()
        total, hits = 0.0, 0
        with torch.inference_mode():
            for batch in validation:
                losses, scores = network(encoder.normalised(encoder.scaled(batch.pixels)), batch.targets)
                total += losses.sum().item()
                hits += (scores.argmax(1) == batch.targets).sum().item()


def training(tables: tuple[Path, Path], epochs: int, repeat: int, folder: Path) -> float:
    """Both loops in turns; the ratio of their median CPU times."""
    spent: dict[str, list[float]] = {"ours": [], "bare": []}
    for turn in range(repeat + 1):
        for name, loop in (("ours", ours), ("bare", bare)):
            job = make_job(tables, epochs, folder / f"{name}-{turn}" if name == "ours" else None)
            started = time.process_time()
            loop(job)
            if turn:  # the first warms up
                spent[name].append(time.process_time() - started)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    ratio = medians["ours"] / medians["bare"]
    for name, seconds in medians.items():
        print(f"training, {name}: {4000 * epochs / seconds:,.0f} images a second of CPU time ({spent[name]} s)")
    print(f"ratio {ratio:.2f} (goal: at most {GOAL})")
    return ratio


def reading(tables: tuple[Path, Path]) -> None:
    """From encoded bytes in Parquet to batches of pixels, without a cache."""
    from switchyard.data.images.image_table import ImageTable
    from switchyard.training.images.loader import Loader

    table = ImageTable.open(tables[0])
    for workers in (0, 1, 2):
        loader = Loader.open(table, table.classes, settings(cache_mb=0, workers=workers), SEED)
        batches = loader.training()
        for _ in batches:  # starts the workers
            break
        started, rows = time.perf_counter(), 0
        for batch in batches:
            rows += len(batch.targets)
        seconds = time.perf_counter() - started
        print(f"reading from Parquet, {workers} workers: {rows / seconds:,.0f} images a second")


def searching(images: int) -> None:
    """A gallery of classes with a thousand images each, and queries near some of them."""
    import numpy as np
    from onnx import TensorProto, helper

    from switchyard.model.faiss_gallery import FaissGallery, recall
    from switchyard.model.gallery import Gallery
    from switchyard.model.graph import Graph, serialize
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.images.onnx.search import write_search

    rng = np.random.default_rng(SEED)
    numbers = np.arange(images) // 1000
    centres = rng.normal(size=(numbers[-1] + 1, 64))

    def near(rows: np.ndarray) -> np.ndarray:
        values = centres[rows] + rng.normal(size=(len(rows), 64)) * 0.7
        return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)

    gallery = Gallery(near(numbers), np.array([f"class {number}" for number in numbers], dtype=object))
    queries = near(rng.choice(numbers, 200))
    graph = Graph()
    graph.inputs.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 64]))
    write_search(graph, "embedding", gallery, neighbours=10, vote=1, threshold=-1.0)
    exact = OnnxModel(serialize(graph, {}), {})
    print(f"gallery of {images:,} embeddings of 64: {len(exact.content) / 1e6:.0f} MB of ONNX")
    started = time.perf_counter()
    index = FaissGallery.build(gallery)
    print(f"FAISS index built in {time.perf_counter() - started:.0f} s")
    exact.session.run(["label"], {"embedding": queries[:1]})
    for name, search in (
        ("the whole gallery in ONNX", lambda one: exact.session.run(["label"], {"embedding": one})),
        ("the FAISS index", lambda one: index.answer(one, neighbours=10, vote=1, threshold=-1)),
    ):
        started = time.perf_counter()
        for row in range(len(queries)):
            search(queries[row : row + 1])
        print(f"searching {name}: {1000 * (time.perf_counter() - started) / len(queries):.2f} ms a query")
    print(f"recall@10 of the FAISS index: {recall(index, gallery, queries, 10):.4f}")


if __name__ == "__main__":
    raise SystemExit(main())
