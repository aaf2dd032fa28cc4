"""A copy of the project with a ZenML folder of its own, run as a user runs it: `python run.py …` in a process."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.processes import free_port
from switchyard.serving.local import daemon

SOURCE = Path(__file__).resolve().parents[2]
PLUGIN = Path(__file__).resolve().parent / "plugin"
_PARTS = ("run.py", "requirements.lock", "commands", "pipelines", "runs", "stacks", "steps", "switchyard")
_TIMEOUT = 300.0  # seconds; far above what any command takes, so that a hang is an error and not a wait


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    def steps(self) -> dict[str, str]:
        """done, cached, failed or stopped by step, in the order of the lines."""
        found = re.findall(r"^(\w+) +(?:(done|failed|stopped) +[\d.]+ s|(cached))$", self.out, re.MULTILINE)
        return {step: outcome or cached for step, outcome, cached in found}


@dataclass
class Started:
    """A command that runs in a process group of its own, as one started in a terminal does."""

    process: subprocess.Popen[str]

    def wait_for(self, condition: Any) -> None:
        end = time.monotonic() + _TIMEOUT
        while not condition():
            if self.process.poll() is not None:
                out, err = self.process.communicate()
                raise AssertionError(f"ended early with {self.process.returncode}\n{out}\n{err}")
            assert time.monotonic() < end, "it did not get there"
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)

    def finish(self) -> Finished:
        try:
            out, err = self.process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            out, err = self.process.communicate()
            raise AssertionError(f"no end in sight\n{out}\n{err}") from None
        return Finished(self.process.returncode, out, err)


@dataclass
class Project:
    """A copy of the project's sources, and the ZenML folder that its commands use."""

    root: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, program: tuple[str, ...] = ("run.py",), **environment: str) -> Started:
        """`python run.py ARGUMENTS`, with `environment` on top."""
        others = ("ZENML_", "MLFLOW_", "AWS_ACCESS", "AWS_SECRET")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        own = {"ZENML_CONFIG_PATH": str(self.home), "COLUMNS": "200", "ZENML_ANALYTICS_OPT_IN": "false"}
        return Started(
            subprocess.Popen(
                [sys.executable, *program, *arguments],
                cwd=self.root,
                env={**inherited, **own, **self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                process_group=0,
            )
        )

    def run(self, *arguments: str, **environment: str) -> Finished:
        return self.start(*arguments, **environment).finish()

    def ask(self, code: str) -> str:
        """What this Python code prints, run with the project and its ZenML."""
        asked = self.start(code, program=("-c",), ZENML_LOGGING_VERBOSITY="ERROR").finish()
        assert asked.code == 0, asked.err
        return asked.out.strip()

    def write_config(self, name: str, uri: str, **changes: Any) -> str:
        """A config that trains one candidate on the table at `uri` in no time; `changes` replace whole sections."""
        config = {
            "name": name,
            "task": "classification",
            "data": {"uri": uri, "target": "label", "positive": "yes", "id": "id"},
            "contract": {
                "columns": {
                    "id": {"type": "integer", "unique": True},
                    "age": {"type": "number", "nullable": True, "min": 0, "max": 100},
                    "sex": {"type": "string", "allowed": ["f", "m"]},
                    "label": {"type": "string", "allowed": ["yes", "no"]},
                }
            },
            "split": {"method": "stratified"},
            "candidates": {"logistic": {"type": "logistic_regression", "params": {"C": 1.0}}},
            "search": {"trials": 1, "folds": 2},
            "metrics": {"primary": "roc_auc", "bootstrap": 50},
            "gates": {"roc_auc": ">= 0.5"},
            "champion": {"too_close": "promote"},  # so that whatever is trained anew is rolled out anew
            "deployment": {"port": free_port()},
        }
        path = self.root / "configs" / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**config, **changes}, sort_keys=False))
        return name

    def write_data(self, name: str, rows: int = 200, seed: int = 0, oldest: int = 90) -> str:
        """A CSV of `rows` passengers, most women with `yes` and most men with `no`."""
        path = self.root / "data" / name
        path.write_text(passengers(rows, seed, oldest))
        return f"data/{name}"

    def written(self) -> dict[str, tuple[int, int]]:
        """Every file that a command may write, with its size and time of change."""
        places = [self.home, *(self.root / name for name in (".switchyard", ".zen", "configs", "data"))]
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}

    def stop_servers(self) -> None:
        for state in self.home.glob("local_stores/oip/*/.server.json"):
            daemon.stop(state.parent)


def passengers(rows: int, seed: int, oldest: int) -> str:
    """The text of a CSV file."""
    rng = random.Random(seed)
    lines = ["id,age,sex,label"]
    for row in range(rows):
        age = "" if rng.random() < 0.1 else str(rng.randint(1, oldest))
        sex = rng.choice("fm")
        label = "yes" if rng.random() < (0.8 if sex == "f" else 0.2) else "no"
        lines.append(f"{row},{age},{sex},{label}")
    return "\n".join(lines) + "\n"


def _new_project(folder: Path) -> Project:
    root, home = folder / "project", folder / "zenml"
    home.mkdir(parents=True)
    for part in _PARTS:
        copy = shutil.copytree if (SOURCE / part).is_dir() else shutil.copy2
        root.mkdir(exist_ok=True)
        copy(SOURCE / part, root / part)
    for name in ("configs", "data"):
        (root / name).mkdir()
    return Project(root, home)


@pytest.fixture(scope="session")
def new_project(tmp_path_factory):
    """Makes copies of the project, each with an empty ZenML folder; what they serve is stopped at the end."""
    made = []

    def make() -> Project:
        made.append(_new_project(tmp_path_factory.mktemp("copy")))
        made[-1].write_data("people.csv")
        return made[-1]

    yield make
    for project in made:
        project.stop_servers()


@pytest.fixture(scope="session")
def untouched(new_project):
    """A project with an empty ZenML folder, for what must not write anything."""
    project = new_project()
    project.write_config("people", "data/people.csv")
    return project


@pytest.fixture(scope="session")
def project(new_project):
    """A project with the stack `local` applied and one completed run of the use case `people`."""
    project = new_project()
    project.write_config("people", "data/people.csv")
    project.first = project.run("--stack", "local", "--config", "people")
    assert project.first.code == 0, project.first.err
    return project


@pytest.fixture
def plugin(tmp_path):
    """The environment in which `at` (module:function) does harm to a command; see plugin/sitecustomize.py."""

    def environment(at: str, how: str, when: str = "before", mark: Path = tmp_path / "mark") -> dict[str, str]:
        harm = {"HARM_AT": at, "HARM_HOW": how, "HARM_WHEN": when, "HARM_MARK": str(mark)}
        return {**harm, "PYTHONPATH": str(PLUGIN)}

    return environment
