"""A docker daemon, a registry, and images to test with; nothing of it comes from another machine but Debian's packages.

No public image can be counted on, so the base image is Debian's own, made with debootstrap. What took long to make is
kept in a cache folder and in docker's own store: the base image's tarball, the wheels, the layers.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any

from rehearsal.cache import cache_folder
from rehearsal.processes import free_port, server
from rehearsal.programs import Unavailable, program
from stacks.step_image.build import Recipe, build, prepare_context
from stacks.step_image.tag import image_tag

# Loopback is all that containers need (--network host), so docker need not touch the machine's network.
_DOCKERD = ("--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=overlay2")
_SUITE = "bookworm"
_BASE = f"switchyard-test/base:{_SUITE}"
_START_SECONDS = 60


@contextmanager
def dockerd() -> Iterator[None]:
    """A docker daemon: the one that runs, or one of its own, which the last of its users stops.

    Raises:
        Unavailable: None runs, and none can be started.
    """
    folder = cache_folder()
    with (folder / "dockerd.start").open("a") as starting, (folder / "dockerd.use").open("a") as using:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if not _answers():
            _start(folder)
        fcntl.flock(using, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(using, fcntl.LOCK_UN)
            _stop_unless_used(folder, using)


@contextmanager
def registry(folder: Path, users: str = "") -> Iterator[str]:
    """Debian's docker-registry.

    Args:
        folder: For what is pushed, and for its log.
        users: The text of an htpasswd file (bcrypt); empty: everyone may push.

    Yields:
        Its host and port.

    Raises:
        Unavailable: It is not installed.
    """
    serve = program("docker-registry")
    folder.mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{free_port()}"
    auth = f"auth:\n  htpasswd: {{realm: test, path: {folder}/users}}\n" if users else ""
    (folder / "users").write_text(users)
    (folder / "config.yml").write_text(
        f"version: 0.1\nhttp: {{addr: '{host}'}}\n{auth}"
        f"storage:\n  filesystem: {{rootdirectory: {folder}/data}}\n  delete: {{enabled: true}}\n"
    )
    command = [serve, "serve", str(folder / "config.yml")]
    with server("registry", command, f"http://{host}/v2/", folder):
        yield host


@cache
def base_image() -> str:
    """The name of an image with Debian and its Python 3.11, on the local daemon; a minute when it is made first.

    Raises:
        Unavailable: debootstrap is not installed, or we are not root.
    """
    if not _has(_BASE):
        with _base_tarball().open("rb") as tarball:
            _docker("import", "-", _BASE, stdin=tarball, check=True)
    return _BASE


@cache
def project_image() -> str:
    """The name of the project's own image, on the local daemon: some minutes when it is built first, then nothing.

    Raises:
        Unavailable: The base image cannot be made here.
    """
    name = f"switchyard-test/steps:{image_tag()}"
    if not _has(name):
        recipe = project_recipe()
        with _alone("image"):
            build(program("docker"), name, recipe, prepare_context(recipe))
    return name


def project_recipe() -> Recipe:
    """How the project's image is built here."""
    return Recipe(base=base_image(), wheels=cache_folder() / "wheels")


def _docker(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([program("docker"), *arguments], capture_output=True, **options)


def _need_root(what: str) -> None:
    if os.geteuid() != 0:
        raise Unavailable(f"only root can {what}")


def _has(image: str) -> bool:
    return _docker("image", "inspect", image).returncode == 0


def _base_tarball() -> Path:
    tarball = cache_folder() / f"base-{_SUITE}.tar"
    with _alone("base"):
        if not tarball.exists():
            _debootstrap(tarball)
    return tarball


def _debootstrap(tarball: Path) -> None:
    debootstrap = program("debootstrap")
    _need_root("make a base image")
    root = tarball.with_suffix(".root")
    shutil.rmtree(root, ignore_errors=True)
    packages = "python3,python3-venv,ca-certificates"
    made = [debootstrap, "--variant=minbase", f"--include={packages}", _SUITE, str(root)]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    for left in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / left, ignore_errors=True)
    half = tarball.with_suffix(".half")
    subprocess.run(["tar", "-C", str(root), "-cf", str(half), "."], check=True)
    half.rename(tarball)
    shutil.rmtree(root)


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Of two test runs that want to make the same thing, one waits for the other."""
    with (cache_folder() / f"{what}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _answers() -> bool:
    return _docker("version").returncode == 0


def _start(folder: Path) -> None:
    command = [program("dockerd"), *_DOCKERD]
    _need_root("start dockerd")
    with (folder / "dockerd.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (folder / "dockerd.pid").write_text(str(process.pid))
    end = time.monotonic() + _START_SECONDS
    while not _answers():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            last = (folder / "dockerd.log").read_text(errors="replace").splitlines()[-1:]
            raise Unavailable(f"dockerd does not start here: {' '.join(last)}")
        time.sleep(0.1)


def _stop_unless_used(folder: Path, using: IO[Any]) -> None:
    """Only one that the tests have started, and only if no other test run holds the lock."""
    pid_file = folder / "dockerd.pid"
    if not pid_file.exists():
        return
    try:
        fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    pid = int(pid_file.read_text())
    pid_file.unlink()
    if Path(f"/proc/{pid}/comm").exists() and Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd":
        os.kill(pid, signal.SIGTERM)
        while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z":
            time.sleep(0.1)
