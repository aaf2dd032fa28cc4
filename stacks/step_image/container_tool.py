"""docker, or podman where that is what there is."""

from __future__ import annotations

import shutil
import subprocess

from switchyard.errors import SwitchyardError


def container_tool() -> str:
    """The program that builds and pushes images here.

    Raises:
        SwitchyardError: There is none, or docker's daemon does not answer.
    """
    docker, podman = shutil.which("docker"), shutil.which("podman")
    if docker and _answers(docker):
        return docker
    if podman:
        return podman
    if docker:
        raise SwitchyardError("docker's daemon does not answer; start it, or install podman")
    raise SwitchyardError("an image needs docker or podman to be built with; install one of them")


def call(tool: str, *arguments: str, said: str) -> str:
    """Runs it.

    Args:
        tool: The program.
        *arguments: Its arguments.
        said: What was tried, for the error.

    Returns:
        What it printed.

    Raises:
        SwitchyardError: It failed; the last lines it printed are the details.
    """
    done = subprocess.run([tool, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = [line.rstrip() for line in done.stdout.splitlines() if line.strip()] or ["it said nothing"]
        raise SwitchyardError(f"{said} failed: {lines[-1]}", details=tuple(lines[-20:]))
    return done.stdout


def _answers(docker: str) -> bool:
    return subprocess.run([docker, "version"], capture_output=True, check=False).returncode == 0
