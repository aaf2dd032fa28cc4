"""What six trivial steps cost: a plain script, Switchyard, plain ZenML, Kedro, Dagster, Metaflow and Prefect.

    python bench/peers.py [--repeat 3] [--quick]

Each step passes a number on. All programs take turns, each time in a fresh process; everything is warm (one turn before
does not count), nothing comes from a cache. The best turn counts: its wall-clock seconds, and the CPU seconds (user and
system) of the process and of those that it waited for. ZenML and Switchyard run in this environment. The others each
have one of their own, which the first run installs into XDG_CACHE_HOME (or ~/.cache) and later runs find there. What
cannot be installed, or fails, has a row that says why. Telemetry is off everywhere, and servers are on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.pipeline import ROOT, Project, Spent, plain_zenml

PROGRAMS = "bench/programs/peers"
PLAIN = "plain Python script"
PEERS = {"Kedro": "1.7.0", "Dagster": "1.13.29", "Metaflow": "2.19.39", "Prefect": "3.9.1"}
ARGUMENTS = {"Metaflow": ["run"]}
SECONDS_TO_INSTALL = 600
# What a user may have set must not reach a peer; neither must the folders of this project's own environment.
FOREIGN = ("KEDRO_", "DAGSTER_", "METAFLOW_", "PREFECT_", "PYTHON", "VIRTUAL_ENV")


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: What runs.
        version: Of the framework.
        run: Runs the six steps once. Raises SystemExit if that fails.
        spent: The turns that count.
        failure: Why there are none; empty if it ran.
    """

    name: str
    version: str
    run: Callable[[], Spent]
    spent: list[Spent] = field(default_factory=list)
    failure: str = ""

    def turn(self, counts: bool) -> None:
        """Runs once more, unless it has failed before."""
        if self.failure:
            return
        try:
            spent = self.run()
        except (SystemExit, OSError, subprocess.SubprocessError) as error:
            self.failure = reason(error)
            self.spent.clear()
            return
        if counts:
            self.spent.append(spent)

    def best(self, what: str) -> float:
        """The lowest figure of all turns."""
        return float(min(getattr(spent, what) for spent in self.spent))


def reason(error: BaseException) -> str:
    """The last line of what a failed process printed, or of the error itself."""
    printed = getattr(error, "stderr", None) or str(error)
    return (printed.strip() or type(error).__name__).splitlines()[-1][:200]


def peer_python(name: str, pinned: str) -> Path:
    """The interpreter of the peer's own environment, which is made if it is not there.

    Raises:
        CalledProcessError: pip failed.
        TimeoutExpired: pip took too long.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "switchyard-bench" / "peers" / f"{name.lower()}-{pinned}"
    python, installed = folder / "bin" / "python", folder / "installed"
    if not installed.exists():
        print(f"installing {name} {pinned}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, f"{name.lower()}=={pinned}"]):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS_TO_INSTALL)
        installed.touch()
    return python


def peer_environment(home: Path) -> dict[str, str]:
    """A home folder of its own, local storage and no telemetry."""
    folders = {"DAGSTER_HOME": home / "dagster", "PREFECT_HOME": home / "prefect"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    (home / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    return {
        **{name: str(folder) for name, folder in folders.items()},
        "HOME": str(home),
        "USERNAME": "bench",
        "DO_NOT_TRACK": "1",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(home / "metaflow"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def peer_row(project: Project, name: str) -> Row:
    """A peer in its own environment; what keeps it from being installed is the row's failure."""
    pinned = PEERS[name]
    row = Row(name, pinned, lambda: Spent(0, 0))
    try:
        python = peer_python(name, pinned)
    except (OSError, subprocess.SubprocessError) as error:
        row.failure = f"not installed: {reason(error)}"
        return row
    environment = peer_environment(project.root.parent / name.lower())
    command = [str(python), f"{PROGRAMS}/{name.lower()}_six.py", *ARGUMENTS.get(name, [])]
    row.run = lambda: project.spend(command, **environment)
    return row


def zenml_rows(project: Project) -> list[Row]:
    """Switchyard on its local stack and ZenML on its default one: numbers, then the tables of `pipeline.py fixed`."""
    plain, environment = plain_zenml(project)
    numbers = shutil.copy(ROOT / PROGRAMS / "zenml_six.py", plain)
    tables = shutil.copy(ROOT / "bench" / "programs" / "fixed_cost_plain.py", plain)
    ours = "bench/programs/fixed_cost_ours.py"
    used, own = version("zenml"), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return [
        Row("Switchyard, local stack", own, lambda: project.python(ours, "--numbers")),
        Row("Switchyard, its tables and reports", own, lambda: project.python(ours)),
        Row("ZenML", used, lambda: project.python(numbers, **environment)),
        Row("ZenML, pandas tables", used, lambda: project.python(tables, **environment)),
    ]


def print_table(rows: list[Row]) -> None:
    """In Markdown, as docs/bench.md shows it; the first row is what the others are compared with."""
    print("\n| six trivial steps | version | seconds | CPU s | × plain | × plain, CPU |\n|---|---|---|---|---|---|")
    base = rows[0]
    for row in rows:
        if row.failure:
            print(f"| {row.name} | {row.version} | failed: {row.failure.replace('|', '/')} | | | |")
            continue
        wall, cpu = row.best("seconds"), row.best("cpu")
        ratios = f"{wall / base.best('seconds'):.1f} | {cpu / base.best('cpu'):.1f}" if base.spent else " | "
        print(f"| {row.name} | {row.version} | {wall:.2f} | {cpu:.2f} | {ratios} |")


def main() -> None:
    """Install what is missing, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="turns that count (default 3)")
    parser.add_argument("--quick", action="store_true", help="one turn that counts")
    arguments = parser.parse_args()
    turns = 1 if arguments.quick else arguments.repeat
    if turns < 1:
        parser.error("--repeat: at least 1")
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    python = platform.python_version()
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        project = Project(Path(folder))
        plain = Row(PLAIN, python, lambda: project.python(f"{PROGRAMS}/plain_six.py"))
        rows = [plain, *zenml_rows(project), *(peer_row(project, name) for name in PEERS)]
        print(f"{date.today()}, Python {python}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before")
        for turn in range(turns + 1):
            for row in rows if turn % 2 else reversed(rows):
                row.turn(counts=turn > 0)
    print_table(rows)
    print(f"\nbest of {turns}; load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
