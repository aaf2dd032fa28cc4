"""Where a model comes from: code, lock, config and machine, each in a few words that another day can be held against.

A run is submitted with `origin` of the project as it is then: where its steps run there may be no git. `reproduce`
asks for the same again and says what differs.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from switchyard.records import Part, Record

if TYPE_CHECKING:
    from switchyard.config.sections import UseCase

LOCK = "requirements.lock"
CODE_FOLDERS = ("switchyard", "steps", "pipelines", "runs", "stacks", "commands")
_TEMPLATES = ("switchyard/**/*.html", "switchyard/**/*.md")
_CODE = ("run.py", *(f"{folder}/**/*.py" for folder in CODE_FOLDERS), *_TEMPLATES)
_GIT_SECONDS = 60.0


class CodeVersion(Part):
    """The code as it is on disk.

    Attributes:
        commit: What is checked out; None without git.
        dirty: Whether the files that a run executes differ from it; None without git.
        sha256: Over these files.
    """

    commit: str | None = None
    dirty: bool | None = None
    sha256: str


class Origin(Part):
    """What a run is submitted with.

    Attributes:
        code: The code.
        lock_sha256: Hash of the lock file, which names every package; None if there is none.
    """

    code: CodeVersion
    lock_sha256: str | None = None


class Machine(Part):
    """What of a machine can change the last digit of a sum.

    Attributes:
        python: The version.
        platform: System, architecture and C library.
        processor: The model's name.
    """

    python: str
    platform: str
    processor: str


class Base(Part):
    """Of a model that was indexed: whose network it has.

    Attributes:
        version: The version that was indexed.
        sha256: Of that version's ONNX file.
        network: The version that was trained: the same one, unless that was indexed itself.
    """

    version: int
    sha256: str
    network: int


class Lineage(Record):
    """Where a version comes from, in short.

    Attributes:
        uri: Of the data.
        fingerprint: Of the data.
        config_sha256: Hash of the whole config.
        code: The code that the run was submitted with.
        lock_sha256: Hash of the lock file.
        stack: Where the run was executed.
        champion: The version in production until then.
        run: The run's name.
        python: The version.
        base: Of an indexed model, the version whose network it has.
    """

    WHAT: ClassVar[str] = "the lineage of a version"

    uri: str | None = None
    fingerprint: str | None = None
    config_sha256: str
    code: CodeVersion
    lock_sha256: str | None = None
    stack: str | None = None
    champion: int | None = None
    run: str
    python: str
    base: Base | None = None


def origin(root: Path) -> Origin:
    """What a run is submitted with.

    Args:
        root: The project's folder.
    """
    return Origin(code=code_version(root), lock_sha256=lock_sha256(root))


def code_version(root: Path) -> CodeVersion:
    """The code as it is on disk.

    Args:
        root: The project's folder.
    """
    commit = git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    changed = git(root, "status", "--porcelain", "--", "run.py", LOCK, *CODE_FOLDERS) if commit else None
    dirty = None if changed is None else bool(changed)
    return CodeVersion(commit=commit or None, dirty=dirty, sha256=code_sha256(root))


def code_sha256(root: Path) -> str:
    """One hash over names and contents of all files of the code."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _CODE for path in root.glob(pattern)}):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def lock_sha256(root: Path) -> str | None:
    """The hash of the lock file, which names every package; None if there is none."""
    path = root / LOCK
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def config_sha256(config: UseCase) -> str:
    """The hash of a whole config, defaults and all: the order of its keys does not matter."""
    text = json.dumps(config.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def machine() -> Machine:
    """The machine that this process runs on."""
    system = " ".join(part for part in (platform.system(), platform.machine(), *platform.libc_ver()) if part)
    return Machine(python=platform.python_version(), platform=system, processor=_processor())


def git(root: Path, *arguments: str) -> str | None:
    """What git prints, without the last line's end; None if there is no git, no repository, or it refuses."""
    try:
        ended = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def _processor() -> str:
    """The model's name where Linux tells it, otherwise what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()
