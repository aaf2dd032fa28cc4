"""Keys, environments and caches stay out of the code that is uploaded, with git and without."""

from __future__ import annotations

import io
import subprocess
import tarfile

import pytest
from zenml.utils.code_utils import CodeArchive

from rehearsal.programs import program
from stacks.zenml_patches.code_archive import keep_private

KEPT = ["run.py", "steps/train.py", ".env.example", "configs/env.yaml", "steps/environment.py"]
PRIVATE = [
    ".env",
    ".env.production",
    "sub/.env",
    ".venv/lib/python3.11/site-packages/torch/__init__.py",
    ".switchyard/titanic.json",
    ".zen/config.yaml",
    ".mypy_cache/x",
    "steps/__pycache__/train.pyc",
]


@pytest.fixture
def project(tmp_path):
    for name in [*KEPT, *PRIVATE]:
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("the-secret" if name in PRIVATE else "x")
    return tmp_path / "project"


def git(project, *arguments):
    subprocess.run([program("git"), "-c", "user.name=t", "-c", "user.email=t@t", *arguments], cwd=project, check=True)


def packed(project):
    keep_private()
    keep_private()  # once is enough, twice is no harm
    archive = io.BytesIO()
    super(CodeArchive, CodeArchive(root=str(project))).write_archive(archive)
    with tarfile.open(fileobj=archive) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}


def test_a_plain_folder(project):
    assert set(packed(project)) == set(KEPT)


def test_an_environment_of_another_name_in_a_plain_folder(project):
    (project / "env311").mkdir()
    (project / "env311" / "pyvenv.cfg").write_text("")
    (project / "env311" / "big.so").write_text("")

    assert set(packed(project)) == set(KEPT)


@pytest.mark.parametrize("ignored", ["*.pyc\n.venv/\n.env\n", ""], ids=["with .gitignore", "without"])
def test_a_checkout(project, ignored):
    (project / ".gitignore").write_text(ignored)
    git(project, "init", "-q")
    git(project, "add", "run.py", "steps/train.py")

    found = packed(project)

    assert set(found) - {".gitignore"} == set(KEPT)
    assert b"the-secret" not in found.values()


def test_keys_that_were_committed_by_mistake(project):
    git(project, "init", "-q")
    git(project, "add", "--force", ".")
    git(project, "commit", "-qm", "everything")

    assert set(packed(project)) == set(KEPT)


def test_a_checkout_that_git_refuses_to_read(project, monkeypatch):
    git(project, "init", "-q")
    (project / ".git" / "config").write_text("[core\n")

    assert set(packed(project)) == set(KEPT)
