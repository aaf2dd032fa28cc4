"""The locks hold exactly what pyproject.toml asks for, for every Python and platform, and are what is installed."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN = [Requirement(line) for line in PROJECT["dependencies"]]
TEST = [Requirement(line) for line in PROJECT["optional-dependencies"]["test"]]
DOCS = [Requirement(line) for line in PROJECT["optional-dependencies"]["docs"]]
PYTHONS = ["3.11", "3.12", "3.13"]
PLATFORMS = {
    "linux-x86": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux-arm": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macos-arm": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
# torch pins its own CUDA packages, where it needs any; see .ci/lock.py.
CUDA = re.compile(r"^(nvidia|triton|cuda)\b")


def lines(lock: str) -> list[str]:
    text = (ROOT / lock).read_text().splitlines()
    return [line for line in text if not line.startswith("#")]


def pins(lock: str, environment: dict[str, str]) -> dict[str, str]:
    """Package to version, as pip would install them there."""
    result = {}
    for line in lines(lock):
        if line.startswith("-r "):
            result |= pins(line.removeprefix("-r "), environment)
        else:
            pin = Requirement(line)
            if pin.marker is None or pin.marker.evaluate(environment):
                result[canonicalize_name(pin.name)] = str(pin.specifier).removeprefix("==")
    return result


def environment(python: str, platform: str) -> dict[str, str]:
    return {
        **default_environment(),
        **PLATFORMS[platform],
        "python_version": python,
        "python_full_version": f"{python}.9",
    }


@functools.cache
def requires(name: str) -> list[Requirement]:
    """What a package says that it needs, by the metadata of what is installed here."""
    try:
        needs = [Requirement(line) for line in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []  # needed on another Python or platform only
    return [need for need in needs if not CUDA.match(need.name)]


def closure(roots: list[Requirement], where: dict[str, str]) -> list[Requirement]:
    """The roots and everything that they need there, directly or not."""
    needs, seen = list(roots), set()
    for need in needs:  # grows while it is walked
        for extra in ("", *need.extras):
            if (need.name, extra) not in seen:
                seen.add((need.name, extra))
                at = {**where, "extra": extra}
                needs += [below for below in requires(need.name) if below.marker is None or below.marker.evaluate(at)]
    return needs


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-docs.lock"])
def test_every_line_is_one_exact_pin_from_any_index(lock):
    for line in lines(lock):
        if line == "-r requirements.lock" and lock == "requirements-test.lock":
            continue
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*( ; python_version == \"3\.\d+\"( or .*)?)?", line), line


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("lock", "roots"), [("requirements.lock", RUN), ("requirements-test.lock", RUN + TEST)])
def test_lock_has_every_dependency_with_a_version_that_fits(lock, roots, python, platform):
    where = environment(python, platform)
    locked = pins(lock, where)

    wrong = []
    for need in closure(roots, where):
        version = locked.get(canonicalize_name(need.name))
        if version is None or not need.specifier.contains(version, prereleases=True):
            wrong.append(f"{need} (locked: {version})")

    assert wrong == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_of_the_documentation_fits_what_is_asked_for(python):
    """What these need in turn is not looked at: they are not installed where the tests run."""
    locked = pins("requirements-docs.lock", environment(python, "linux-x86"))

    wrong = [str(need) for need in DOCS if not need.specifier.contains(locked.get(canonicalize_name(need.name), "0"))]

    assert wrong == []


@pytest.mark.parametrize(("lock", "roots"), [("requirements.lock", RUN), ("requirements-test.lock", RUN + TEST)])
def test_lock_has_nothing_that_nobody_needs(lock, roots):
    needed = {
        canonicalize_name(need.name)
        for python in PYTHONS
        for platform in PLATFORMS
        for need in closure(roots, environment(python, platform))
    }
    locked = {name for python in PYTHONS for name in pins(lock, environment(python, "linux-x86"))}

    assert locked - needed == set()


def test_lock_is_what_is_installed():
    locked = pins("requirements-test.lock", dict(default_environment()))

    installed = {name: metadata.version(name).split("+")[0] for name in locked}

    assert installed == locked


def test_every_direct_dependency_is_bounded():
    for need in [*RUN, *DOCS, *(need for need in TEST if not need.name.startswith("types-"))]:
        operators = {specifier.operator for specifier in need.specifier}
        assert operators in ({"=="}, {">=", "<"}), need
