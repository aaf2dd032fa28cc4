"""Builds the image of the steps, and pushes it."""

from __future__ import annotations

import platform
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from stacks.step_image.container_tool import call, container_tool
from stacks.step_image.registry import Repository
from stacks.step_image.tag import DOCKERFILE, NAME, image_tag
from stacks.step_image.wheels import fetch_wheels
from switchyard.errors import InputError, SwitchyardError
from switchyard.project import ROOT

MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}


@dataclass(frozen=True)
class Pushed:
    """An image in the registry.

    Attributes:
        reference: By digest.
        built: Whether this call has built it; if not, it was there already and the rest is empty.
        bytes: Unpacked, on the machine that runs it.
        packed: As it travels to and from the registry.
        fetch_seconds: To get the wheels.
        build_seconds: To build the image from them.
        push_seconds: To push it.
    """

    reference: str
    built: bool
    bytes: int = 0
    packed: int = 0
    fetch_seconds: float = 0.0
    build_seconds: float = 0.0
    push_seconds: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """What an image is made of.

    Attributes:
        base: The base image, with Python 3.11; empty: the Dockerfile's own.
        platform: Of the cluster's nodes: linux/amd64 or linux/arm64.
        lock: The packages.
        wheels: Where their wheels are kept between builds.
    """

    base: str = ""
    platform: str = "linux/amd64"
    lock: Path = ROOT / "requirements.lock"
    wheels: Path = ROOT / ".switchyard" / "image"


def build_and_push(registry: str, recipe: Recipe, force: bool = False) -> Pushed:
    """Makes sure that the registry has the image of the lock.

    Args:
        registry: Such as `registry.example.com/team`.
        recipe: What it is made of.
        force: Build and push it even if it is there.

    Returns:
        The image by digest.

    Raises:
        SwitchyardError: A package, the build or the registry failed.
    """
    repository, tag = Repository.parse(f"{registry.rstrip('/')}/{NAME}"), image_tag(recipe.lock)
    if not force and (digest := repository.digest(tag)):
        return Pushed(f"{repository}@{digest}", built=False)
    repository.check_push()  # said before minutes of building rather than after
    tool, name = container_tool(), f"{repository}:{tag}"
    started = time.monotonic()
    context = prepare_context(recipe)
    fetched = time.monotonic()
    build(tool, name, recipe, context)
    built = time.monotonic()
    call(
        tool, "push", *(["--tls-verify=false"] if _podman(tool) and repository.loopback else []), name, said="the push"
    )
    pushed = time.monotonic()
    digest = repository.digest(tag)
    if digest is None:
        raise SwitchyardError(f"{name} was pushed, but the registry does not have it")
    unpacked = int(call(tool, "image", "inspect", "--format", "{{.Size}}", name, said="the look at the image"))
    packed = sum(repository.layer_sizes(digest))
    seconds = (fetched - started, built - fetched, pushed - built)
    return Pushed(f"{repository}@{digest}", True, unpacked, packed, *seconds)


def prepare_context(recipe: Recipe) -> Path:
    """The folder that the image is built in: the Dockerfile, and the wheels of the lock.

    Wheels of another lock are thrown away; they lie in the caches of pip anyway.
    """
    if recipe.platform not in MACHINES:
        raise InputError(f"--platform {recipe.platform}: allowed are {', '.join(MACHINES)}")
    machine = MACHINES[recipe.platform]
    context = recipe.wheels / f"{image_tag(recipe.lock)}-{machine}"
    for other in recipe.wheels.glob("*"):
        if other != context:
            shutil.rmtree(other)
    whole = context / ".whole"
    if not whole.exists():
        fetch_wheels(recipe.lock, context, machine)
        whole.touch()
    shutil.copy(DOCKERFILE, context)
    return context


def build(tool: str, name: str, recipe: Recipe, context: Path) -> None:
    """Builds it; the build itself needs no network, and so gets none."""
    options = ["--network", "none", "--tag", name]
    if recipe.base:
        options += ["--build-arg", f"BASE={recipe.base}"]
    if MACHINES[recipe.platform] != {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine()):
        options += ["--platform", recipe.platform]
    call(tool, "build", *options, str(context), said="the build of the image")


def _podman(tool: str) -> bool:
    return Path(tool).name == "podman"
