"""The recorded code comes from a worktree of its commit, and whenever that is not it, the line says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rehearsal.programs import program
from runs.versions.code_of import code_of
from switchyard.lineage import CodeVersion, Origin, origin


def git(root, *arguments):
    own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = [program("git"), "-C", str(root), *own, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a change")


def edit(root, text):
    (root / "switchyard" / "learn.py").write_text(text)


def worktrees(root):
    return [line for line in git(root, "worktree", "list", "--porcelain").splitlines() if line.startswith("worktree")]


@pytest.fixture(params=["top", "below"])
def root(tmp_path, request):
    """A project at the top of its repository, or in a folder of it."""
    top = tmp_path / "repository"
    project = top if request.param == "top" else top / "models" / "project"
    (project / "switchyard").mkdir(parents=True)
    edit(project, "x = 1\n")
    (project / "run.py").write_text("import switchyard\n")
    (project / "requirements.lock").write_text("numpy==2.4.6\n")
    git(top, "init", "-q")
    commit(top)
    return project


def test_the_same_code_is_taken_as_it_is(root):
    recorded = origin(root)
    (root / "README.md").write_text("another commit, the same code\n")
    commit(root)

    with code_of(recorded, root) as code:
        assert (code.root, code.is_recorded, code.told) == (root, True, "code: the same")


def test_a_commit_of_then_is_checked_out_and_gone_afterwards(root):
    recorded = origin(root)
    edit(root, "x = 2\n")
    commit(root)

    with code_of(recorded, root) as code:
        there = code.root
        assert (there / "switchyard" / "learn.py").read_text() == "x = 1\n"
        assert code.is_recorded
        assert recorded.code.commit[:12] in code.told and "worktree" in code.told

    assert not there.exists()
    assert len(worktrees(root)) == 1
    assert (root / "switchyard" / "learn.py").read_text() == "x = 2\n"


def test_a_worktree_is_gone_after_an_error_too(root):
    recorded = origin(root)
    edit(root, "x = 2\n")

    with pytest.raises(RuntimeError), code_of(recorded, root) as code:
        raise RuntimeError

    assert not code.root.exists() or code.root == root
    assert len(worktrees(root)) == 1


def test_changes_that_were_never_committed_are_lost(root):
    edit(root, "x = 2\n")
    recorded = origin(root)
    edit(root, "x = 3\n")

    with code_of(recorded, root) as code:
        assert (code.root, code.is_recorded) == (root, False)
        assert "had uncommitted changes, which were not recorded" in code.told
    assert len(worktrees(root)) == 1


def test_with_another_lock_it_is_said_what_to_do(root):
    recorded = origin(root)
    edit(root, "x = 2\n")
    (root / "requirements.lock").write_text("numpy==2.4.7\n")

    with code_of(recorded, root) as code:
        assert (code.root, code.is_recorded) == (root, False)
        assert "has another lock file than the one installed here" in code.told
        assert f"git worktree add FOLDER {recorded.code.commit[:12]}" in code.told


def test_a_commit_that_git_does_not_have(root):
    code = CodeVersion(commit="f" * 40, dirty=False, sha256="0" * 64)
    recorded = origin(root).model_copy(update={"code": code})

    with code_of(recorded, root) as code:
        assert (code.root, code.is_recorded) == (root, False)
        assert "git has no commit ffffffffffff here" in code.told


def test_without_git_there_is_only_the_code_there_is(root):
    recorded = Origin(code=CodeVersion(commit=None, dirty=None, sha256="0" * 64), lock_sha256=None)

    with code_of(recorded, root) as code:
        assert (code.root, code.is_recorded) == (root, False)
        assert "no commit was recorded" in code.told


def test_here_is_here(root):
    recorded = origin(root)
    edit(root, "x = 2\n")

    with code_of(recorded, root, here=True) as code:
        assert (code.root, code.is_recorded) == (root, False)


def test_a_hook_of_the_users_does_not_run(root, tmp_path):
    recorded = origin(root)
    edit(root, "x = 2\n")
    hook = Path(git(root, "rev-parse", "--absolute-git-dir")) / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)

    with code_of(recorded, root) as code:
        assert code.is_recorded

    assert not (tmp_path / "ran").exists()
