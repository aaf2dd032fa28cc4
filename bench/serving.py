"""Serving Titanic: the endpoint against in-process onnxruntime and against `mlflow models serve`, in one run.

    python bench/serving.py [--seconds 2] [--rounds 3]

Each server gets one core to itself and is asked from the other one, over 16 connections that are kept alive, by
`wrk` (Debian's; a C program, so not the bottleneck) or, without it, by a process of Python's that writes to raw
sockets. The three take turns, and the median of the rounds counts, so that whatever else the machine does hits all of
them. In-process means `session.run` on arrays that are ready: no decoding, no encoding, no network. CPU is what the
server's core spent on a request, which a busy machine distorts less than requests a second.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CONNECTIONS = 16
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVER_CORE, CLIENT_CORE = {CORES[0]}, {CORES[-1]}
ROWS = (1, 32)


@dataclass(frozen=True)
class Measured:
    """Requests a second, latencies in milliseconds, and the server's CPU time for a request in microseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float = 0.0

    @classmethod
    def median(cls, rounds: list[Measured]) -> Measured:
        """The median of each figure over the rounds."""
        columns = ([getattr(one, key) for one in rounds] for key in ("rate", "p50", "p99", "cpu"))
        return cls(*(statistics.median(column) for column in columns))


def titanic_model():
    """A logistic regression on the demo data, and the data: trained by the library, searched for a moment only."""
    import polars as pl
    import yaml

    from switchyard.config.sections import Config, Search
    from switchyard.tasks.recipes import Recipes
    from switchyard.training.tables.train import train

    config = Config.model_validate(yaml.safe_load((ROOT / "configs/titanic.yaml").read_text()))
    frame = pl.read_csv(ROOT / "data/titanic.csv")
    config = config.model_copy(update={"search": Search(trials=1)})
    recipe = Recipes.of(config).train["logistic"].replaced(seeds=0)
    trained = train(recipe, frame.head(1000).lazy(), frame.tail(-1000).lazy())
    return trained.model, frame


@contextmanager
def pinned(cores):
    """This process, and what it starts, on some cores only."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def in_process(model, frame, seconds: float) -> Measured:
    """`session.run` in a loop."""
    feed, session, times = model.inputs(frame), model.session, []
    spent = time.process_time()
    end = time.perf_counter() + seconds
    now = time.perf_counter()
    while now < end:
        session.run(None, feed)
        before, now = now, time.perf_counter()
        times.append(now - before)
    cuts = statistics.quantiles(times, n=100)
    cpu = (time.process_time() - spent) / len(times) * 1e6
    return Measured(len(times) / sum(times), cuts[49] * 1e3, cuts[98] * 1e3, cpu)


def over_http(url: str, pid: int, body: bytes, seconds: float) -> Measured:
    """Closed loop: each connection asks again as soon as it has its answer."""
    spent = _cpu_seconds(pid)
    with pinned(CLIENT_CORE):
        found = (_wrk if shutil.which("wrk") else _sockets)(url, body, seconds)
    return replace(found, cpu=(_cpu_seconds(pid) - spent) / (found.rate * seconds) * 1e6)


def _cpu_seconds(pid: int) -> float:
    """What a process and the processes it started have used."""
    import psutil

    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def _wrk(url: str, body: bytes, seconds: float) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        text = f'wrk.method = "POST"\nwrk.body = [==[{body.decode()}]==]\n'
        script.write_text(text + 'wrk.headers["Content-Type"] = "application/json"\n')
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--latency", "-s", str(script), url]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{url} failed under load:\n{out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    latency = {
        share: float(value) * _UNITS[unit] for share, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", out)
    }
    return Measured(rate, latency["50"], latency["99"])


def _sockets(url: str, body: bytes, seconds: float) -> Measured:
    """The same with Python's asyncio, in a process of its own."""
    program = Path(__file__).parent / "programs" / "closed_loop.py"
    command = [sys.executable, str(program), url, str(CONNECTIONS), str(seconds), "Content-Type: application/json"]
    done = subprocess.run(command, input=body, capture_output=True, check=True, timeout=seconds + 30)
    return Measured(*json.loads(done.stdout))


def free_port() -> int:
    """A port that nothing uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def switchyard_server(folder: Path, model, frame):
    """The endpoint with the model deployed; its URL for inference, and what it costs."""
    from switchyard.config.server_options import ServerOptions
    from switchyard.serving.local import daemon
    from switchyard.serving.local.deploy import deploy
    from switchyard.serving.rollout.golden import golden_rows

    start = time.perf_counter()
    with pinned(SERVER_CORE):
        server = daemon.start(ServerOptions(root=folder, port=free_port()))
    seconds = time.perf_counter() - start
    try:
        deployed = deploy(ServerOptions(root=folder), model, golden_rows(model, frame))
        print(f"start to ready {seconds:.2f} s, {_resident_mb(server.pid):.0f} MB resident")
        yield deployed.infer_url, server.pid
        print(f"{_resident_mb(server.pid):.0f} MB resident after the load")
    finally:
        daemon.stop(folder)


def _resident_mb(pid: int) -> float:
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout) / 1024


@contextmanager
def mlflow_server(folder: Path, model):
    """`mlflow models serve` of the same graph, one worker; its URL for inference."""
    _save_for_mlflow(folder, model)
    port = free_port()
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(folder / "model")]
    command += ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(port), "--workers", "1"]
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "OMP_NUM_THREADS": "1",
    }
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (folder / "log").open("wb") as log, pinned(SERVER_CORE):
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True, cwd=folder)
    try:
        _wait_for(port, process, folder / "log")
        yield f"http://127.0.0.1:{port}/invocations", process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


_MLFLOW_MODEL = """
import mlflow.pyfunc, numpy as np, onnxruntime

class Graph(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(context.artifacts["graph"], options)

    def predict(self, context, model_input, params=None):
        feed = {}
        for node in self.session.get_inputs():
            column = model_input[node.name]
            text = node.type == "tensor(string)"
            values = column.fillna("").to_numpy(object) if text else column.to_numpy(np.float32)
            feed[node.name] = values.reshape(-1, 1)
        return self.session.run(["probabilities"], feed)[0]

mlflow.models.set_model(Graph())
"""


def _save_for_mlflow(folder: Path, model) -> None:
    """As code, in a process of its own: mlflow's imports stay out of this one."""
    (folder / "graph.onnx").write_bytes(model.content)
    (folder / "code.py").write_text(_MLFLOW_MODEL)
    program = "import mlflow.pyfunc; mlflow.pyfunc.save_model('model', python_model='code.py', "
    program += "artifacts={'graph': 'graph.onnx'}, pip_requirements=[])"
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
    }
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mlflow cannot save the model: {done.stderr[-1000:]}")


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise SystemExit(f"mlflow models serve does not come up: {log.read_text()[-1000:]}")


def mlflow_body(model, rows) -> bytes:
    """The same rows as mlflow's fastest JSON."""
    names = [spec["name"] for spec in model.metadata["inputs"]]
    data = [list(row) for row in rows.select(names).iter_rows()]
    return json.dumps({"dataframe_split": {"columns": names, "data": data}}).encode()


def measure(arguments) -> dict[tuple[str, int], Measured]:
    """All figures: what is measured and how many rows, to the median of its rounds."""
    from switchyard.serving.rollout.requests import request_body

    model, frame = titanic_model()
    found: dict[tuple[str, int], list[Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ours_folder, theirs_folder = Path(folder) / "ours", Path(folder) / "theirs"
        theirs_folder.mkdir()
        with switchyard_server(ours_folder, model, frame) as ours, mlflow_server(theirs_folder, model) as theirs:
            for turn in range(arguments.rounds + 1):
                for count in ROWS:
                    rows = frame[100 : 100 + count]
                    with pinned(SERVER_CORE):
                        one = {"onnxruntime in process": in_process(model, rows, arguments.seconds)}
                    body = json.dumps(request_body(model, rows)).encode()
                    one["switchyard"] = over_http(*ours, body, arguments.seconds)
                    one["mlflow models serve"] = over_http(*theirs, mlflow_body(model, rows), arguments.seconds)
                    for name, figures in one.items():
                        if turn > 0:  # the first round warms up
                            found.setdefault((name, count), []).append(figures)
    return {key: Measured.median(rounds) for key, rounds in found.items()}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    client = "wrk" if shutil.which("wrk") else "asyncio sockets"
    print(f"load from {client}, {CONNECTIONS} connections, one core each side")
    found = measure(arguments)
    print(f"\n{'':24}{'rows':>5}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>8}{'switchyard':>18}")
    for (name, count), figures in sorted(found.items(), key=lambda item: (item[0][1], -item[1].rate)):
        ratio = found["switchyard", count].rate / figures.rate
        against = (
            "" if name == "switchyard" else f"{ratio:.1f} times more" if ratio > 1 else f"{1 / ratio:.1f} times off"
        )
        print(
            f"{name:24}{count:>5}{figures.rate:>12,.0f}{figures.p50:>9.2f}{figures.p99:>9.2f}{figures.cpu:>8.0f}{against:>18}"
        )
    print("goals: at most 5 times off onnxruntime in process, at least 10 times mlflow models serve")


if __name__ == "__main__":
    main()
