"""Writes requirements.lock, requirements-test.lock and requirements-docs.lock: one exact pin per package.

`make lock` calls this; `make lock UPGRADE=1` takes the newest versions that pyproject.toml allows, otherwise pins that
still fit stay. pip-compile resolves once per Python, 3.11 to 3.13, in a throwaway environment; a package that only
some of them need gets a marker. The lock of the documentation stands alone: `make docs` installs it into an environment
of its own, for the site is built from the sources alone and needs none of the project's packages.

torch is pinned, but what it needs is resolved without its CUDA packages: which of those a machine gets is torch's own
business (on Linux x86-64 PyPI's torch pins them itself, elsewhere there are none), and naming them here would force
gigabytes on machines that have a CPU build.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PYTHONS = ("3.11", "3.12", "3.13")
CUDA = re.compile(r"^(nvidia|triton|cuda)\b", re.IGNORECASE)
HEADER = "# Made by `make lock` from pyproject.toml: do not edit. Every package, exact, for Python 3.11 to 3.13.\n"

Pins = dict[str, str]


def main() -> None:
    """Resolves for each Python and writes the locks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    write_project_locks(project)
    write_docs_lock(project)


def write_project_locks(project: dict[str, Any]) -> None:
    """Writes what the project runs on, and what its tests need on top."""
    run = [line for line in project["dependencies"] if not line.startswith("torch==")]
    (torch,) = [line for line in project["dependencies"] if line.startswith("torch==")]
    run += torch_needs()
    test = run + project["optional-dependencies"]["test"]
    known = {} if os.environ.get("UPGRADE") else read_pins(ROOT / "requirements-test.lock")
    resolved_run: dict[str, Pins] = {}
    resolved_test: dict[str, Pins] = {}
    for python in PYTHONS:
        with tempfile.TemporaryDirectory() as folder:
            pip_compile = make_environment(python, Path(folder))
            resolved_test[python] = resolve(pip_compile, test, known)
            # With the test tools' resolution as the start, the two locks agree.
            resolved_run[python] = resolve(pip_compile, run, resolved_test[python])
        known = {**known, **resolved_test[python]}
    name, version = torch.split("==")
    runs = merge({python: {**pins, name: version} for python, pins in resolved_run.items()})
    tests = [line for line in merge(resolved_test) if line not in runs]
    (ROOT / "requirements.lock").write_text(HEADER + "\n".join(runs) + "\n")
    (ROOT / "requirements-test.lock").write_text(HEADER + "-r requirements.lock\n" + "\n".join(tests) + "\n")


def write_docs_lock(project: dict[str, Any]) -> None:
    """Writes what builds the documentation, resolved by itself."""
    path = ROOT / "requirements-docs.lock"
    known = {} if os.environ.get("UPGRADE") else read_pins(path)
    resolved: dict[str, Pins] = {}
    for python in PYTHONS:
        with tempfile.TemporaryDirectory() as folder:
            docs = project["optional-dependencies"]["docs"]
            resolved[python] = resolve(make_environment(python, Path(folder)), docs, known)
        known = {**known, **resolved[python]}
    path.write_text(HEADER + "\n".join(merge(resolved)) + "\n")


def torch_needs() -> list[str]:
    """What torch asks for, less its CUDA packages and extras."""
    needs = importlib.metadata.requires("torch") or []
    return [line for line in needs if "extra ==" not in line and not CUDA.match(line)]


def read_pins(path: Path) -> Pins:
    """The pins of a lock and of the locks that it includes, or none if there is no such file."""
    pins: Pins = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.startswith("-r "):
            pins |= read_pins(path.parent / line.removeprefix("-r "))
        elif match := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line):
            pins[match[1]] = match[2]
    return pins


def make_environment(python: str, folder: Path) -> Path:
    """Makes a throwaway environment of one Python with pip-tools in it; returns its pip-compile."""
    try:
        subprocess.run([f"python{python}", "-m", "venv", folder / "env"], check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"make lock needs python{python} with its venv module on the PATH: the lock is for {PYTHONS}.")
    subprocess.run([folder / "env/bin/pip", "install", "--quiet", "pip-tools"], check=True)
    return folder / "env/bin/pip-compile"


def resolve(pip_compile: Path, requirements: list[str], known: Pins) -> Pins:
    """Resolves requirements to exact pins, staying with the known ones where they fit."""
    folder = pip_compile.parent
    source, output = folder / "requirements.in", folder / "requirements.txt"
    source.write_text("\n".join(requirements) + "\n")
    output.write_text("".join(f"{name}=={version}\n" for name, version in known.items()))
    flags = ["--quiet", "--no-header", "--no-annotate", "--strip-extras", "--allow-unsafe"]
    flags += ["--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-emit-options"]
    subprocess.run([pip_compile, *flags, "--output-file", output, source], check=True, cwd=folder)
    return {name: version.split("+")[0] for name, version in read_pins(output).items()}


def merge(resolved: dict[str, Pins]) -> list[str]:
    """One line a package and version, with a marker where not every Python has it."""
    lines = []
    for name in sorted({name for pins in resolved.values() for name in pins}, key=str.lower):
        versions = {python: pins[name] for python, pins in resolved.items() if name in pins}
        for version in sorted(set(versions.values())):
            pythons = [python for python in versions if versions[python] == version]
            marker = "" if len(pythons) == len(PYTHONS) else f" ; {_marker(pythons)}"
            lines.append(f"{name}=={version}{marker}")
    return lines


def _marker(pythons: list[str]) -> str:
    return " or ".join(f'python_version == "{python}"' for python in pythons)


if __name__ == "__main__":
    main()
