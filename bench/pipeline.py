"""What the pipeline costs: a run against a plain script, fixed cost against plain ZenML, a run with nothing to do.

    python bench/pipeline.py [run] [fixed] [unchanged] [start] [--repeat 3]

Everything happens in a temporary folder: a copy of the project, a ZenML folder of its own, endpoints on free ports
that are stopped at the end. What is compared takes turns, each time in a fresh process; everything is warm (one turn
before does not count). The ratio is the median of the ratios of the turns: in seconds, and in CPU seconds, which
a busy machine distorts less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("run.py", "Makefile", "requirements.lock", "requirements-test.lock", ".ci", "bench", "configs", "data")
PACKAGES = ("switchyard", "steps", "pipelines", "runs", "stacks", "commands")


@dataclass(frozen=True)
class Spent:
    """What one process took.

    Attributes:
        seconds: From its start to its end.
        cpu: Its CPU seconds, those of the processes that it waited for included.
        parts: The same two between its marks, by the mark that ends them.
        output: What it printed.
    """

    seconds: float
    cpu: float
    parts: dict[str, tuple[float, float]] = field(default_factory=dict)
    output: str = ""


class Project:
    """A copy of the project that shares nothing with the user's: ZenML, endpoints, what is remembered of runs."""

    def __init__(self, folder: Path) -> None:
        """Copies the files."""
        self.root = folder / "project"
        self.root.mkdir()
        for name in (*COPIED, *PACKAGES):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.root / name)
        self.marks = folder / "marks.json"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZENML_", "MLFLOW_"))}
        kept.pop("SWITCHYARD_TOKEN", None)
        self.environment = kept | {
            "ZENML_CONFIG_PATH": str(folder / "zenml"),
            "ZENML_ANALYTICS_OPT_IN": "false",
            "BENCH_MARKS": str(self.marks),
            "NO_COLOR": "1",
        }
        self.port = free_port()
        self.options = ["--stack", "local", "--set", f"deployment.port={self.port}"]

    def python(self, *arguments: str | Path, **environment: str) -> Spent:
        """One Python process in the copy.

        Raises:
            SystemExit: It failed.
        """
        return self.spend([sys.executable, *map(str, arguments)], **environment)

    def spend(self, command: list[str], **environment: str) -> Spent:
        """One process in the copy; see `python`."""
        self.marks.unlink(missing_ok=True)
        with tempfile.TemporaryFile("w+") as output:
            started = time.time()
            process = subprocess.Popen(
                command, cwd=self.root, env=self.environment | environment, stdout=output, stderr=output
            )
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.time() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{text[-3000:]}")
        cpu = used.ru_utime + used.ru_stime
        return Spent(seconds, cpu, self._parts(started, seconds, cpu), text)

    def _parts(self, started: float, seconds: float, cpu: float) -> dict[str, tuple[float, float]]:
        if not self.marks.exists():
            return {}
        parts, before = {}, (started, 0.0)
        for name, at, used in json.loads(self.marks.read_text()):
            parts[name], before = (at - before[0], used - before[1]), (at, used)
        parts["after the last step"] = (started + seconds - before[0], cpu - before[1])
        return parts

    def stop(self) -> None:
        """Stops the endpoints."""
        if (self.root / ".zen").is_dir():
            subprocess.run(
                [sys.executable, "run.py", "stop", "titanic"], cwd=self.root, env=self.environment, capture_output=True
            )
        sys.path.insert(0, str(ROOT))
        from switchyard.serving.local import daemon

        for repository in (self.root.parent / "plain" / "repository", *self.root.parent.glob("zenml/*/oip/*")):
            daemon.stop(repository)


def free_port() -> int:
    """A port that nothing uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


Runs = dict[str, list[Spent]]


def take_turns(repeat: int, programs: dict[str, Callable[[], Spent]]) -> Runs:
    """Every program once to warm up, then `repeat` times in turns, the order reversed each time."""
    runs: Runs = {name: [] for name in programs}
    for turn in range(repeat + 1):
        for name in list(programs) if turn % 2 else reversed(programs):
            spent = programs[name]()
            if turn:
                runs[name].append(spent)
    return runs


def table(title: str, runs: Runs, goal: float | None = None) -> float:
    """Prints medians, and the ratio of each program to the last one.

    Returns:
        The ratio of the first program's seconds.
    """
    *_, base = runs
    print(f"\n{title}\n{'':44}{'seconds':>9}{'CPU s':>8}{'ratio':>8}{'of CPU':>8}")
    for name, spent in runs.items():
        ratios = [ratio(spent, runs[base], what) for what in ("seconds", "cpu")]
        shown = "" if name == base else "".join(f"{value:8.2f}" for value in ratios)
        print(f"{name:44}{median(spent, 'seconds'):9.2f}{median(spent, 'cpu'):8.2f}{shown}")
    found = ratio(next(iter(runs.values())), runs[base], "seconds")
    if goal:
        cpu = ratio(next(iter(runs.values())), runs[base], "cpu")
        print(f"goal: at most {goal}: {verdict(found, goal)}; in CPU time {verdict(cpu, goal)}")
    return found


def verdict(value: float, goal: float) -> str:
    """In one word, and the figure."""
    return f"{'met' if value <= goal else 'MISSED'} ({value:.2f})"


def median(runs: list[Spent], what: str) -> float:
    """Of one figure."""
    return statistics.median(getattr(spent, what) for spent in runs)


def ratio(ours: list[Spent], theirs: list[Spent], what: str) -> float:
    """The median over the turns."""
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in zip(ours, theirs, strict=True))


def whole_run(project: Project, repeat: int) -> None:
    """Goal: at most 1.5 times a plain script."""
    plain = project.root.parent / "plain"
    plain.mkdir()
    port = str(free_port())
    first = project.python("bench/programs/marked_run.py", *project.options)
    print(f"\nthe very first run, in an empty ZenML folder: {first.seconds:.1f} s ({first.cpu:.1f} CPU s)")
    runs = take_turns(
        repeat,
        {
            "run.py --stack local --no-cache": lambda: project.python(
                "bench/programs/marked_run.py", *project.options, "--no-cache"
            ),
            "plain script, the same functions": lambda: project.python("bench/programs/plain_titanic.py", plain, port),
        },
    )
    table("Titanic, warm, nothing from the cache", runs, goal=1.5)
    steps_table(*runs.values())


def steps_table(ours: list[Spent], theirs: list[Spent]) -> None:
    """Where the difference is: each part runs from the end of the one before to its own end."""
    print(f"\n{'overhead by step, median of CPU seconds':44}{'run.py':>9}{'plain':>8}{'more':>8}{'more by clock':>15}")
    for name in ours[0].parts:
        cpu, wall = ([spent.parts[name][index] for spent in ours] for index in (1, 0))
        cpu_plain, wall_plain = ([spent.parts.get(name, (0, 0))[index] for spent in theirs] for index in (1, 0))
        mine, other = statistics.median(cpu), statistics.median(cpu_plain)
        clock = statistics.median(wall) - statistics.median(wall_plain)
        print(f"  {name:42}{mine:9.2f}{other:8.2f}{mine - other:8.2f}{clock:15.2f}")


def plain_zenml(project: Project) -> tuple[Path, dict[str, str]]:
    """A repository of ZenML with its defaults, which a program must lie in, and the environment of its programs."""
    plain = project.root.parent / "plain-zenml"
    plain.mkdir()
    environment = {"ZENML_CONFIG_PATH": f"{plain}/zenml", "ZENML_REPOSITORY_PATH": str(plain)}
    project.python(
        "-c",
        "import os, pathlib; from zenml.client import Client; "
        "Client.initialize(pathlib.Path(os.environ['ZENML_REPOSITORY_PATH']))",
        **environment,
    )
    return plain, environment


def fixed_cost(project: Project, repeat: int) -> None:
    """Goal: at most 0.65 times plain ZenML."""
    plain, environment = plain_zenml(project)
    program = shutil.copy(ROOT / "bench" / "programs" / "fixed_cost_plain.py", plain)
    ours = "bench/programs/fixed_cost_ours.py"
    runs = take_turns(
        repeat,
        {
            "ours, local stack": lambda: project.python(ours),
            "ours, train and evaluate tracked by MLflow": lambda: project.python(ours, "--tracked"),
            "plain ZenML, pandas, default stack": lambda: project.python(program, **environment),
        },
    )
    table("Six trivial steps, warm, nothing from the cache", runs, goal=0.65)


def unchanged(project: Project, repeat: int) -> None:
    """Goal: a run with nothing changed in under 1.5 times the import of ZenML's client."""
    project.python("run.py", *project.options)
    runs = take_turns(
        repeat,
        {
            "run.py, nothing changed (ZenML not started)": lambda: project.python("run.py", *project.options),
            "run.py --rerun, all but two steps cached": lambda: project.python("run.py", *project.options, "--rerun"),
            'python -c "import zenml.client"': lambda: project.python("-c", "import zenml.client"),
        },
    )
    if not all("nothing was run" in spent.output for spent in runs["run.py, nothing changed (ZenML not started)"]):
        raise SystemExit("something had changed")
    table("The second run", runs, goal=1.5)


def start(project: Project, repeat: int) -> None:
    """Goals: `make run` reaches run.py within two seconds when all is installed; --help answers within one."""
    made = project.root.parent / "made"
    made.mkdir()
    for name in ("Makefile", "requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, made)
    shutil.copytree(ROOT / ".ci", made / ".ci")
    (made / "run.py").write_text("import time; print(f'started {time.time()}')")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made / ".venv"], check=True)
    # The stamp is what an install leaves that has gone through; its name is the Makefile's.
    for line in subprocess.run(["make", "-np", "run"], cwd=made, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("RUN_STAMP :="):
            (made / line.split()[-1]).touch()

    def make() -> float:
        began = time.time()
        printed = subprocess.run(["make", "run"], cwd=made, capture_output=True, text=True, check=True).stdout
        return float(printed.rpartition("started ")[2]) - began

    seconds = statistics.median(make() for _ in range(repeat))
    helped = statistics.median(project.python("run.py", "--help").seconds for _ in range(repeat))
    print(f"\nmake run, installed: {seconds:.2f} s until run.py starts; goal 2 s: {verdict(seconds, 2)}")
    print(f"run.py --help: {helped:.2f} s; goal 1 s: {verdict(helped, 1)}")


PARTS = {"run": whole_run, "fixed": fixed_cost, "unchanged": unchanged, "start": start}


def main() -> None:
    """Parse, measure, print; stop what was started."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; default: all of them")
    parser.add_argument("--repeat", type=int, default=3, help="turns that count (default 3)")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: no such part; there are {', '.join(PARTS)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        project = Project(Path(folder))
        try:
            for name in arguments.parts or PARTS:
                PARTS[name](project, arguments.repeat)
        finally:
            project.stop()
    print(f"\nload {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
