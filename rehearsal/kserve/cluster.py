"""A Kubernetes for tests: the one of KUBECONFIG, or a real control plane started on loopback.

`with kubernetes(folder) as kubeconfig:` gives the path of a kubeconfig with the contexts `admin` (cluster admin) and
`pipeline-runner` (the ServiceAccount of that name in namespace `ml`, without any right of its own).
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from rehearsal.cache import cache_folder
from rehearsal.processes import free_port
from rehearsal.programs import Unavailable, need, program

_ROOT = Path(__file__).resolve().parents[2]
_NEEDED = ("etcd", "kubectl", "openssl", "curl", "xz")
_NEEDED_BY_NODE = ("docker", "gcc", "socat")


@contextmanager
def kubernetes(folder: Path, node: bool = False) -> Iterator[Path]:
    """A Kubernetes with KServe's CRD and the namespace `ml`, for as long as the block runs.

    Args:
        folder: Where a started one keeps its state; created if need be.
        node: Whether it must run pods; needs a dockerd. Its pods use this machine's network, so it is always started.

    Yields:
        The path of its kubeconfig.

    Raises:
        Unavailable: Nothing to use and nothing to start; with the reason.
    """
    if not node and (given := os.environ.get("KUBECONFIG")):
        yield Path(given)
        return
    script = _script(node)
    with ExitStack() as held:
        if node:  # a kubelet has fixed ports and names its containers alike: one at a time
            held.enter_context(_alone())
        held.callback(_unmount, folder)
        held.callback(_run, script, "stop", folder)
        _unpack(script, folder)
        _run(script, "start", folder, *(["--node"] if node else []))
        yield folder / "kubeconfig"


def _script(node: bool) -> Path:
    script = Path(os.environ.get("SWITCHYARD_CLUSTER") or _ROOT.parent / "shared" / "kubernetes" / "cluster")
    if not script.is_file():
        raise Unavailable(f"no KUBECONFIG, and no {script.name} script where SWITCHYARD_CLUSTER or ../shared says")
    need(*_NEEDED, *(_NEEDED_BY_NODE if node else ()))
    if node and subprocess.run([program("docker"), "info"], capture_output=True, check=False).returncode:
        raise Unavailable("a node needs a running dockerd")
    return script


def _unpack(script: Path, folder: Path) -> None:
    """The cluster's programs are unpacked once, and not for each cluster: that takes longer than its start."""
    archive = script.with_name("kubernetes.tar.xz")
    if not archive.is_file() or (folder / "bin").exists():
        return
    programs = cache_folder() / f"kubernetes-{archive.stat().st_size}"
    if not programs.exists():
        half = tempfile.mkdtemp(dir=programs.parent)
        subprocess.run(["tar", "-C", half, "-xJf", archive], check=True)
        with suppress(OSError):  # another run was quicker
            Path(half).rename(programs)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bin").symlink_to(programs)


def _unmount(folder: Path) -> None:
    """A kubelet that is stopped leaves the secrets of its pods mounted, and no folder with a mount can be deleted."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((each for each in mounted if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


def _run(script: Path, verb: str, folder: Path, *options: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "API_PORT": str(_free_ports(4))}
    with (folder / f"{verb}.log").open("wb") as log:
        done = subprocess.run(
            [script, verb, folder, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,  # an interrupt of the tests reaches them first, then they stop it
            check=False,
        )
    if done.returncode:
        text = (folder / f"{verb}.log").read_text(errors="replace").strip()
        raise Unavailable(f"cluster {verb} failed: {' | '.join(text.splitlines()[-5:])}")


def _free_ports(count: int) -> int:
    """The first of some neighbouring ports that nobody uses now."""
    while True:
        first = free_port()
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first


@contextmanager
def _alone() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / "switchyard-kubernetes-node.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
