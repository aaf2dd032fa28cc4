"""The code that a version was made with: what is here, if it is the same, or a worktree of its commit."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from switchyard.lineage import Origin, code_sha256, git, lock_sha256

_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")  # nothing of the user's own is to happen because of a look


@dataclass(frozen=True)
class Code:
    """A folder with a copy of the project.

    Attributes:
        root: The folder.
        is_recorded: Whether it holds what the version was made with, file by file.
        told: What has to be said about it, in one line.
    """

    root: Path
    is_recorded: bool
    told: str


@contextmanager
def code_of(recorded: Origin, root: Path, here: bool = False) -> Iterator[Code]:
    """The recorded code if it can be had, otherwise the code there is; a worktree is gone afterwards.

    Args:
        recorded: What the version was made with.
        root: The project.
        here: Take the code there is, whatever was recorded.
    """
    if code_sha256(root) == recorded.code.sha256:
        yield Code(root, True, "code: the same")
        return
    commit = recorded.code.commit or ""
    why = _why_not(commit, recorded.lock_sha256, root, here)
    worktree = None if why else _worktree(root, commit)
    try:
        if worktree is None:
            yield Code(root, False, f"code: changed since, and {why or 'git could not check it out'}")
        elif code_sha256(worktree) != recorded.code.sha256:
            lost = f"commit {commit[:12]} had uncommitted changes, which were not recorded"
            yield Code(root, False, f"code: changed since, and {lost}")
        else:
            yield Code(worktree, True, f"code: changed since; using commit {commit[:12]} from a git worktree")
    finally:
        if worktree:
            git(root, "worktree", "remove", "--force", str(_top(worktree, root)))
            shutil.rmtree(_top(worktree, root).parent, ignore_errors=True)


def _why_not(commit: str, lock: str | None, root: Path, here: bool) -> str:
    """Why no worktree is made; empty if one is to be."""
    if here:
        return "--here asks for the code that is here"
    if not commit:
        return "no commit was recorded"
    if git(root, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        return f"git has no commit {commit[:12]} here"
    if lock_sha256(root) != lock:
        python = Path(sys.executable).name
        return (
            f"commit {commit[:12]} has another lock file than the one installed here; for its packages: git worktree "
            f"add FOLDER {commit[:12]}, create a {python} environment there from its requirements.lock, and reproduce "
            "it there"
        )
    return ""


def _worktree(root: Path, commit: str) -> Path | None:
    """The project's folder in a temporary worktree: the project may stand below the top of its repository."""
    top = Path(mkdtemp(prefix="switchyard-code-")) / "code"
    if git(root, *_NO_HOOKS, "worktree", "add", "--detach", str(top), commit) is None:
        shutil.rmtree(top.parent, ignore_errors=True)
        return None
    return top / (git(root, "rev-parse", "--show-prefix") or "")


def _top(worktree: Path, root: Path) -> Path:
    below = len(Path(git(root, "rev-parse", "--show-prefix") or "").parts)
    return worktree.parents[below - 1] if below else worktree
