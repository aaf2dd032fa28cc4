"""A task's memory limit without a container: a memory cgroup where one can be made, else what a watchdog needs."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup/memory")
_SUFFIXES = {
    "": 1,
    "m": Decimal("0.001"),
    **{unit: 1000**power for power, unit in enumerate(["k", "M", "G", "T", "P"], 1)},
    **{f"{unit}i": 1024**power for power, unit in enumerate(["K", "M", "G", "T", "P"], 1)},
}


def quantity(text: str) -> int:
    """Bytes of a Kubernetes quantity.

    Raises:
        ValueError: It is none.
    """
    found = re.fullmatch(r"([0-9.]+(?:e[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?", text)
    if not found:
        raise ValueError(f"{text!r} is no quantity")
    return int(Decimal(found[1]) * _SUFFIXES[found[2] or ""])


@contextmanager
def cgroup(name: str, limit: int | None) -> Iterator[Path | None]:
    """A memory cgroup (version 1), or None where none can be made; what is left in it at the end is killed."""
    folder = _own() / f"kfp-{name}"
    try:
        folder.mkdir()
        if limit:
            (folder / "memory.limit_in_bytes").write_text(str(limit))
            swap = folder / "memory.memsw.limit_in_bytes"
            if swap.exists():
                swap.write_text(str(limit))
    except OSError:
        _remove(folder)
        yield None
        return
    try:
        yield folder
    finally:
        _remove(folder)


def kill_leftovers(variable: str) -> None:
    """Kills every process that has a variable, given as `NAME=value`, in its environment."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if variable.encode() in environment.read_bytes().split(b"\0"):
                os.kill(int(environment.parent.name), signal.SIGKILL)


def _own() -> Path:
    """The cgroup of this process, so that limits of the machine's owner keep holding."""
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(",") and (_CGROUPS / path.lstrip("/")).is_dir():
                return _CGROUPS / path.lstrip("/")
    except OSError:
        pass
    return _CGROUPS


def _remove(folder: Path) -> None:
    for _ in range(50):
        try:
            pids = (folder / "cgroup.procs").read_text().split()
        except OSError:
            return
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        try:
            folder.rmdir()
            return
        except OSError:
            time.sleep(0.02)


def was_killed(folder: Path) -> bool:
    """Whether the kernel has killed something in the cgroup for its memory."""
    try:
        return bool(re.search(r"^oom_kill [1-9]", (folder / "memory.oom_control").read_text(), re.MULTILINE))
    except OSError:
        return False


def resident(group: int) -> int:
    """Bytes of memory that a process group holds now."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return total
