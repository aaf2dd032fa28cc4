"""The wheels of the lock, fetched on this machine as its pip is set up: indexes, passwords and proxies stay here.

The image's platform may be another one than this machine's, so pip is told which one it fetches for.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from switchyard.errors import SwitchyardError

PYTHON = "3.11"
_NEWEST_GLIBC = 36  # of Debian 12, which the base image is made of
_OLD_MANYLINUX = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "aarch64": ("manylinux2014",)}


def fetch_wheels(lock: Path, target: Path, machine: str) -> None:
    """Puts the wheels of the lock into two folders, `torch` and `rest`, each with a `requirements.txt`.

    Args:
        lock: The packages, one pin a line.
        target: The folder; wheels that are there already are not fetched again.
        machine: x86_64 or aarch64.

    Raises:
        SwitchyardError: pip cannot get a package, or gets one that does not fit.
    """
    pins = list(_pins(lock))
    torch = [pin for pin in pins if pin.startswith("torch==")]
    for name, part in (("torch", torch), ("rest", [pin for pin in pins if pin not in torch])):
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "requirements.txt").write_text("".join(f"{pin}\n" for pin in part))
        _download(folder, machine)
    _refuse_cuda(target / "torch")


def _pins(lock: Path) -> Iterator[str]:
    """Those for the image's Python."""
    from packaging.requirements import Requirement

    for line in lock.read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate({"python_version": PYTHON, "sys_platform": "linux"}):
                yield f"{pin.name}{pin.specifier}"


def _download(folder: Path, machine: str) -> None:
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(_NEWEST_GLIBC, 4, -1)]
    tags += [f"{old}_{machine}" for old in _OLD_MANYLINUX[machine]] + [f"linux_{machine}"]
    platforms = [f"--platform={tag}" for tag in tags]
    abis = [f"--abi={abi}" for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none")]
    where = [f"--python-version={PYTHON}", "--implementation=cp", *abis, *platforms]
    _pip("download", "--no-deps", "--dest", str(folder), *where, "-r", str(folder / "requirements.txt"))
    for source in (*folder.glob("*.tar.gz"), *folder.glob("*.zip")):
        _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
        source.unlink()
    foreign = [wheel.name for wheel in folder.glob("*.whl") if not wheel.stem.endswith(("-none-any", *tags))]
    if foreign:
        raise SwitchyardError(
            f"{foreign[0]} was built for this machine and not for the image; its project has no wheel"
        )


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        reason = errors[-1].removeprefix("ERROR: ") if errors else f"pip ended with {done.returncode}"
        raise SwitchyardError(f"the image's packages cannot be fetched: {reason}")


def _refuse_cuda(folder: Path) -> None:
    """PyPI's torch for x86-64 needs 2 GB of CUDA libraries, and cannot even be imported without them."""
    import zipfile

    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            if b"Requires-Dist: nvidia-" in archive.read(metadata):
                wheel.unlink()
                raise SwitchyardError(
                    f"pip fetched {wheel.name}, which needs CUDA; set PIP_EXTRA_INDEX_URL to PyTorch's CPU index, "
                    "or PIP_FIND_LINKS to a folder with its CPU wheel"
                )
