"""What is recorded of code, lock and config changes when they do, and only then."""

from __future__ import annotations

import subprocess

import pytest

from rehearsal.programs import program
from switchyard.config.sections import Config
from switchyard.lineage import code_version, config_sha256, lock_sha256, origin


@pytest.fixture
def root(tmp_path):
    (tmp_path / "switchyard").mkdir()
    (tmp_path / "switchyard" / "learn.py").write_text("x = 1\n")
    (tmp_path / "run.py").write_text("import switchyard\n")
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    return tmp_path


def commit(root):
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run([program("git"), "-C", str(root), *own, *arguments], check=True)


def test_without_git_the_code_is_known_by_its_hash(root):
    before = code_version(root)

    (root / "switchyard" / "learn.py").write_text("x = 2\n")

    assert (before.commit, before.dirty) == (None, None)
    assert code_version(root).sha256 != before.sha256


def test_a_file_that_moves_is_another_code_and_a_text_beside_it_is_not(root):
    before = code_version(root).sha256
    (root / "README.md").write_text("words\n")
    assert code_version(root).sha256 == before

    (root / "switchyard" / "learn.py").rename(root / "switchyard" / "taught.py")

    assert code_version(root).sha256 != before


def test_git_names_the_commit_and_whether_the_code_is_what_was_committed(root):
    commit(root)
    clean = code_version(root)
    (root / "notes.txt").write_text("no code\n")
    assert code_version(root) == clean

    (root / "switchyard" / "learn.py").write_text("x = 2\n")
    changed = code_version(root)

    assert len(clean.commit) == 40 and clean.dirty is False
    assert (changed.commit, changed.dirty) == (clean.commit, True)


def test_the_lock_is_known_by_its_contents(root):
    before = origin(root).lock_sha256
    (root / "requirements.lock").write_text("numpy==2.4.7\n")

    assert lock_sha256(root) not in (before, None)
    (root / "requirements.lock").unlink()
    assert lock_sha256(root) is None


def test_a_config_is_the_same_whether_a_default_is_written_down_or_not():
    column = {"columns": {"x": {"type": "number"}, "y": {"type": "string"}}}
    asked = {"name": "a", "task": "classification", "data": {"uri": "t.csv", "target": "y"}, "contract": column}
    asked |= {"candidates": {"one": {"type": "logistic_regression"}}, "metrics": {"primary": "roc_auc"}}

    plain = config_sha256(Config.model_validate(asked))

    assert config_sha256(Config.model_validate(dict(reversed(asked.items())) | {"seed": 0})) == plain
    assert config_sha256(Config.model_validate(asked | {"seed": 1})) != plain
