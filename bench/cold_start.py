"""How long a step on Kubeflow takes to start, with the project's command and with ZenML's own.

    python bench/cold_start.py [--repeat 3]

A ZenML server, S3 (moto), and the tests' Kubeflow Pipelines, which runs each task as a process, all on this machine.
Each turn changes a line of code and submits the first two steps of Titanic (ingest and validate) from a fresh
process, once with either command, in turns; the first turn only warms up. *Cold start* is from the start of the task's
process to the first line of the step (what a cluster does before, pulling an image and starting a container, is not in
it), *after* from the step's last line to the end of the process. Goal: a cold start under 4 seconds.

*Code to step* is from the start of the submitting process, after a change of code, to the first line of the first step.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.programs import task_times  # noqa: E402

GOAL = 4.0
OURS, PLAIN = "the project's command", "python -m zenml.entrypoints.entrypoint"
OPTIONS: dict[str, list[str]] = {OURS: [], PLAIN: ["--plain"]}
SHOWN = ("torch", "mlflow", "sklearn")


@dataclass(frozen=True)
class Turn:
    """One run.

    Attributes:
        submitted: When the submitting process was started.
        tasks: Its two steps.
    """

    submitted: float
    tasks: list[task_times.TaskTimes]

    @property
    def to_first_line(self) -> float:
        """Seconds from the change of code to the first line of the first step."""
        return self.tasks[0].begun - self.submitted

    @property
    def to_task(self) -> float:
        """Seconds of it until the task's process was started."""
        return self.tasks[0].started - self.submitted


def main() -> int:
    """Parse, measure, print; stop what was started."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="turns that count (default 3)")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as name, cluster(Path(name)) as environment:
        runs = take_turns(Path(name), environment, arguments.repeat)
    met = report(runs)
    print(f"load {os.getloadavg()[0]:.1f} after")
    return 0 if met else 1


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Starts the servers and copies the project; yields the environment of a process that submits."""
    from rehearsal.kfp.server import running
    from rehearsal.project import copy_project
    from rehearsal.storage import s3_server
    from rehearsal.zenml_server import zenml_server

    programs = copy_project(folder / "project") / "bench" / "programs"
    programs.mkdir(parents=True)
    shutil.copy(ROOT / "bench" / "programs" / "cold_run.py", programs)
    with ExitStack() as stack:
        managers = s3_server(folder / "s3", "bench"), zenml_server(folder / "zenml")
        with ThreadPoolExecutor() as pool:
            s3, zenml = pool.map(stack.enter_context, managers)
        secret = folder / "secrets" / "switchyard-zenml"
        secret.mkdir(parents=True)
        (secret / "ZENML_STORE_API_KEY").write_text(zenml["ZENML_STORE_API_KEY"])
        tasks = task_times.TimedProcesses(folder / "kfp" / "work", secrets=secret.parent)
        url = stack.enter_context(running(folder / "kfp", tasks))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZENML_", "MLFLOW_", "AWS_"))}
        yield (
            kept
            | s3
            | zenml
            | {
                "KFP_URL": url,
                "KFP_NAMESPACE": "ml",
                "REGISTRY": "127.0.0.1:5000",
                "SWITCHYARD_IMAGE": f"127.0.0.1:5000/switchyard@sha256:{64 * '0'}",  # tasks are processes
                "MLFLOW_URL": "http://127.0.0.1:9",  # neither step tracks anything
                "KUBECONFIG": str(folder / "no-kubeconfig"),
                "ZENML_CONFIG_PATH": str(folder / "client"),
                "ZENML_ANALYTICS_OPT_IN": "false",
                "NO_COLOR": "1",
            }
        )


def take_turns(folder: Path, environment: dict[str, str], repeat: int) -> dict[str, list[Turn]]:
    """Runs with either command, the order reversed each time; the first turn does not count."""
    runs: dict[str, list[Turn]] = {who: [] for who in OPTIONS}
    for number in range(repeat + 1):
        for who in list(OPTIONS) if number % 2 else reversed(OPTIONS):
            turn = one_run(folder, environment, OPTIONS[who], number)
            if number:
                runs[who].append(turn)
    return runs


def one_run(folder: Path, environment: dict[str, str], options: list[str], number: int) -> Turn:
    """Changes a line of code, and submits.

    Raises:
        SystemExit: The run failed.
    """
    with (folder / "project" / "switchyard" / "project.py").open("a") as code:
        code.write(f"# {number} {options}\n")
    before = len(task_times.read(folder / "kfp" / "work"))
    submitted = time.time()
    command = [sys.executable, "bench/programs/cold_run.py", *options]
    done = subprocess.run(command, cwd=folder / "project", env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    return Turn(submitted, task_times.read(folder / "kfp" / "work")[before:])


def report(runs: dict[str, list[Turn]]) -> bool:
    """Prints the tables; true if the goal is met."""
    print("\none step, and what had been imported at its first line")
    heads = "".join(f"{name:>9}" for name in SHOWN)
    print(f"{'':48}{'cold start':>12}{'CPU s':>8}{'after':>8}{heads}   all cold starts")
    cold: dict[tuple[str, str], float] = {}
    cpu: dict[tuple[str, str], float] = {}
    for step in ("ingest", "validate"):
        for who, turns in runs.items():
            tasks = [task for turn in turns for task in turn.tasks if task.step == step]
            cold[who, step] = statistics.median(task.cold for task in tasks)
            cpu[who, step] = statistics.median(task.cpu for task in tasks)
            after = statistics.median(task.after for task in tasks)
            imports = "".join(f"{'yes' if any(name in task.imported for task in tasks) else 'no':>9}" for name in SHOWN)
            every = ", ".join(f"{task.cold:.2f}" for task in tasks)
            print(f"{step + ': ' + who:48}{cold[who, step]:12.2f}{cpu[who, step]:8.2f}{after:8.2f}{imports}   {every}")
        ratios = "".join(f"{each[OURS, step] / each[PLAIN, step]:{width}.2f}" for each, width in ((cold, 12), (cpu, 8)))
        print(f"{'  ratio':48}{ratios}")
    worst = max(cold[OURS, step] for step in ("ingest", "validate"))
    spent = max(cpu[OURS, step] for step in ("ingest", "validate"))
    print(f"goal: under {GOAL:.0f} s: {'met' if worst < GOAL else 'MISSED'} ({worst:.2f}; {spent:.2f} of CPU time)")
    print(f"\n{'code to step':48}{'seconds':>12}{'until the task starts':>24}")
    for who, turns in runs.items():
        first, task = (
            statistics.median(getattr(turn, name) for turn in turns) for name in ("to_first_line", "to_task")
        )
        print(f"{who:48}{first:12.2f}{task:24.2f}")
    return worst < GOAL


if __name__ == "__main__":
    sys.exit(main())
