"""Serving digits: images a second through the endpoint against onnxruntime in process, and what batching is worth.

    python bench/image_serving.py [--seconds 2] [--rounds 3]

The network is the demo's (28×28, grey, ten classes) with drawn weights: what it answers does not change what it costs.
`faces` is the same with a gallery of 100,000 embeddings, each of which is compared with every image. A server has one
core and its clients the other one. All take turns, and the median of the rounds counts. In process means `session.run`
on arrays that are ready, with one thread; for encoded images, decoding them before. CPU is what the server's core spent
on an image, which a busy machine distorts less than images a second.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

GOAL = 3.0
BATCHES = (1, 32)
CLIENTS = 8


@dataclass(frozen=True)
class Measured:
    """Images a second, the median latency of a request in milliseconds, and CPU microseconds an image."""

    rate: float
    p50: float
    cpu: float

    @classmethod
    def median(cls, rounds: list[Measured]) -> Measured:
        """The median of each figure over the rounds."""
        return cls(*(statistics.median(getattr(one, key) for one in rounds) for key in ("rate", "p50", "cpu")))


def encoder():
    """The demo's, untrained."""
    import torch

    from switchyard.training.images.network import Encoder

    torch.manual_seed(1)
    return Encoder((28, 28), 1, 16, torch.full((1,), 0.13), torch.full((1,), 0.31))


def metadata(name: str, task: str, **about):
    """What the endpoint wants to know."""
    inputs = [{"name": "image", "datatype": "UINT8", "shape": [-1, 28, 28, 1]}]
    return {"name": name, "task": task, "classes": [str(digit) for digit in range(10)], "inputs": inputs, **about}


def digits_model():
    """Classification."""
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.images.network import Classifier
    from switchyard.training.images.onnx.export import export_classifier

    about = metadata("digits", "image_classification")
    return OnnxModel(export_classifier(Classifier(encoder(), 10).eval(), about), about)


def faces_model():
    """Retrieval from the largest gallery that a graph takes."""
    import numpy as np

    from switchyard.model.gallery import Gallery
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.training.images.arcface import Embedder
    from switchyard.training.images.onnx.export import export_embedder
    from switchyard.training.images.settings import LARGEST_EXACT

    about = metadata("faces", "image_retrieval", gallery={"neighbours": 5, "vote": 1, "threshold": 0.5})
    network = Embedder(encoder(), 10, embedding_size=64, margin=0.4, scale=20, label_smoothing=0.0).eval()
    raw = np.random.default_rng(1).normal(size=(LARGEST_EXACT, 64)).astype(np.float32)
    labels = np.array([str(row % 10) for row in range(LARGEST_EXACT)], dtype=object)
    gallery = Gallery(raw / np.linalg.norm(raw, axis=1, keepdims=True), labels)
    return OnnxModel(export_embedder(network, about, gallery), about)


def in_process(work, images: int, seconds: float) -> Measured:
    """Work in a loop."""
    times: list[float] = []
    spent, end = time.process_time(), time.perf_counter() + seconds
    now = time.perf_counter()
    while now < end:
        work()
        before, now = now, time.perf_counter()
        times.append(now - before)
    done = len(times) * images
    return Measured(done / sum(times), statistics.median(times) * 1e3, (time.process_time() - spent) / done * 1e6)


def over_http(server, path: str, body: bytes, headers: list[str], images: int, clients: int, seconds: float):
    """A closed loop of some clients."""
    from serving import CLIENT_CORE, _cpu_seconds, pinned

    program = Path(__file__).parent / "programs" / "closed_loop.py"
    command = [sys.executable, str(program), f"{server.url}/v2/models/{path}", str(clients), str(seconds)]
    spent = _cpu_seconds(server.pid)
    with pinned(CLIENT_CORE):
        done = subprocess.run([*command, *headers], input=body, capture_output=True, timeout=seconds + 60)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    rate, p50, _ = json.loads(done.stdout)
    found = Measured(rate * images, p50, 0)
    return replace(found, cpu=(_cpu_seconds(server.pid) - spent) / (found.rate * seconds) * 1e6)


@contextmanager
def serving_models(folder: Path, models, frame, batching=None):
    """A server of the models, on one core."""
    from serving import SERVER_CORE, free_port, pinned

    from switchyard.config.server_options import ServerOptions
    from switchyard.serving.local import daemon
    from switchyard.serving.local.deploy import deploy
    from switchyard.serving.rollout.golden import golden_rows

    folder.mkdir()
    with pinned(SERVER_CORE):
        server = daemon.start(ServerOptions(root=folder, port=free_port(), batching=batching))
    try:
        for model in models:
            deploy(ServerOptions(root=folder, batching=batching), model, golden_rows(model, frame))
        yield server
    finally:
        daemon.stop(folder)


def json_request(images) -> tuple[bytes, list[str]]:
    """Body and headers."""
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(images.shape), "data": images.ravel().tolist()}
    return json.dumps({"inputs": [tensor]}).encode(), ["Content-Type: application/json"]


def binary_request(images, output: str = "probabilities") -> tuple[bytes, list[str]]:
    """Body and headers; the output comes back as binary data, too."""
    tensor = {"name": "image", "datatype": "UINT8", "shape": list(images.shape)}
    tensor["parameters"] = {"binary_data_size": images.nbytes}
    outputs = [{"name": output, "parameters": {"binary_data": True}}]
    head = json.dumps({"inputs": [tensor], "outputs": outputs}).encode()
    headers = ["Content-Type: application/octet-stream", f"Inference-Header-Content-Length: {len(head)}"]
    return head + images.tobytes(), headers


def one_round(model, frame, plain, batched, seconds: float) -> dict[tuple[str, int], Measured]:
    """Each measurement once: what is measured, and how many images a request has or how many clients ask."""
    from serving import SERVER_CORE, pinned

    found = {}
    for count in BATCHES:
        pixels = model.inputs(frame[:count])["image"]
        with pinned(SERVER_CORE):
            found["onnxruntime in process", count] = in_process(
                lambda pixels=pixels: model.session.run(["probabilities"], {"image": pixels}), count, seconds
            )
        for name, (body, headers) in (("binary", binary_request(pixels)), ("JSON", json_request(pixels))):
            found[name, count] = over_http(plain, "digits/infer", body, headers, count, 2, seconds)
    one, png = frame[:1], frame["image"][0]
    with pinned(SERVER_CORE):
        found["decode and run in process", 1] = in_process(lambda: model.run(one), 1, seconds)
    found["predict-image", 1] = over_http(
        plain, "digits/predict-image", png, ["Content-Type: image/png"], 1, 2, seconds
    )
    for what, output in (("digits", "probabilities"), ("faces", "similarity")):
        tensors, headers = binary_request(model.inputs(one)["image"], output)
        for path, body, lines in (("infer", tensors, headers), ("predict-image", png, [])):
            for name, server in (("each by itself", plain), ("batched", batched)):
                key = f"{what}/{path}, {name}", CLIENTS
                found[key] = over_http(server, f"{what}/{path}", body, lines, 1, CLIENTS, seconds)
    return found


def main() -> int:
    """Measure, print, and 1 if the goal is missed."""
    import polars as pl

    from switchyard.config.server_options import Batching

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=float, default=2.0, help="max_delay_ms of the batching server")
    arguments = parser.parse_args()
    (model, faces), frame = (digits_model(), faces_model()), pl.read_parquet(ROOT / "data/digits.parquet").head(64)
    rounds: dict[tuple[str, int], list[Measured]] = {}
    loads = []
    batching = Batching(max_delay_ms=arguments.delay, max_size=CLIENTS)
    with (
        tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder,
        serving_models(Path(folder) / "plain", (model, faces), frame) as plain,
        serving_models(Path(folder) / "batched", (model, faces), frame, batching) as batched,
    ):
        for turn in range(arguments.rounds + 1):
            loads.append(os.getloadavg()[0])
            for key, figures in one_round(model, frame, plain, batched, arguments.seconds).items():
                if turn > 0:  # the first round warms up
                    rounds.setdefault(key, []).append(figures)
    found = {key: Measured.median(each) for key, each in rounds.items()}
    print(f"load of the machine {min(loads):.1f} to {max(loads):.1f}\n")
    print(f"{'':42}{'images or clients':>18}{'images/s':>10}{'p50 ms':>9}{'CPU us an image':>17}")
    for (name, count), figures in found.items():
        print(f"{name:42}{count:>18}{figures.rate:>10,.0f}{figures.p50:>9.2f}{figures.cpu:>17,.0f}")
    print()
    off = {}
    for what, count in ((what, count) for what in ("binary", "JSON") for count in BATCHES):
        pairs = zip(rounds["onnxruntime in process", count], rounds[what, count], strict=True)
        off[what, count] = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
        print(f"{what}, {count} images a request: {off[what, count]:.2f} times off onnxruntime in process")
    print(f"goal: binary, 32 images a request, at most {GOAL:g} times off")
    return 0 if off["binary", 32] <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
