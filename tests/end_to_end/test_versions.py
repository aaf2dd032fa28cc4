"""Versions compared, shown and made again, on the command line: two of them, from two commits of the project's code."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal.programs import program

BLIND = ("--set", "features={numeric: [age], categorical: [], exclude: [sex]}")  # age says nothing about the label
CARD = {"intended_use": "For tests.", "owner": "the testers"}


def git(root, *arguments):
    own = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run([program("git"), "-C", str(root), *own, *arguments], check=True, capture_output=True)


def commit(root):
    (root / ".gitignore").write_text(".zen/\n.switchyard/\n__pycache__/\n/data/\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "a change")


def edit(root):
    """The learner learns otherwise."""
    file = root / "switchyard" / "training" / "tables" / "learners.py"
    before = file.read_text()
    file.write_text(before.replace('{"max_iter": 1000, **params}', '{"max_iter": 1000, **params, "C": 0.001}'))
    assert file.read_text() != before


@pytest.fixture(scope="module")
def versions(new_project):
    """Version 1, the champion, was made by one commit; version 2, which reads another column, by the next."""
    project = new_project()
    project.write_data("versions.csv", rows=600)
    project.write_config("versions", "data/versions.csv", champion={}, gates={}, card=CARD)
    git(project.root, "init", "-q")
    commit(project.root)
    first = project.run("--stack", "local", "--config", "versions")
    assert first.code == 0, first.err
    edit(project.root)
    commit(project.root)
    second = project.run("--config", "versions", *BLIND)
    assert second.code == 0, second.err
    return project


@pytest.fixture
def moved_source(versions):
    """The source is another file than when the versions were made."""
    path = versions.root / "data" / "versions.csv"
    before = path.read_bytes()
    versions.write_data("versions.csv", rows=700, seed=3)
    yield
    path.write_bytes(before)


@pytest.fixture
def raw_gone(versions):
    """The artifact store has lost the rows that were read."""
    (folder,) = versions.home.glob("local_stores/*/ingest/versions_raw/*/*")
    shutil.move(folder, folder.with_name("away"))
    yield
    shutil.move(folder.with_name("away"), folder)


@pytest.fixture
def raw_changed(versions):
    """One bit of the rows that were read is another one; the file is as long as it was."""
    (file,) = versions.home.glob("local_stores/*/ingest/versions_raw/*/*/raw.parquet")
    before = file.read_bytes()
    file.write_bytes(before[:100] + bytes([before[100] ^ 1]) + before[101:])
    yield
    file.write_bytes(before)


def sha256(versions, number):
    """Of the file that the run has trained."""
    cards = versions.home.glob("local_stores/*/train_logistic/versions_logistic/*/*/metadata.json")
    return json.loads(sorted(cards, key=lambda card: card.stat().st_mtime)[number - 1].read_text())["sha256"]


def test_two_versions_with_different_columns_are_compared(versions):
    ended = versions.run("compare", "1", "2", "--config", "versions", "--json")

    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert (found["rows"], found["left_out"], found["better"]) == (120, 0, "version 1")
    one, other = found["versions"]["version 1"], found["versions"]["version 2"]
    assert (one["inputs"], other["inputs"]) == (["age", "sex"], ["age"])
    difference = found["comparison"]["difference"]
    assert one["metrics"]["roc_auc"]["value"] == pytest.approx(difference["first"])
    assert difference["first"] > 0.7 > difference["second"] and difference["p"] < 0.01


def test_all_rows_of_another_table_but_those_that_were_learned(versions):
    lines = (versions.root / "data" / "versions.csv").read_text().splitlines()
    fresh = "\n".join([*lines, "9001,33,f,yes", "9002,34,m,no"])
    (versions.root / "data" / "fresh.csv").write_text(f"{fresh}\n")

    ended = versions.run("compare", "champion", "2", "--config", "versions", "--data", "data/fresh.csv")

    assert (ended.code, ended.err) == (0, "")
    assert "versions on 242 rows of data/fresh.csv, 360 left out that either was trained on" in ended.out
    assert "version 1 (champion)" in ended.out
    assert "\nVersion 1 is better: roc_auc 0." in ended.out


def test_a_version_is_shown_in_the_browser_and_on_the_terminal(versions, tmp_path):
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o755)

    ended = versions.run("show", "champion", "--config", "versions", BROWSER=f"{browser} %s")

    assert (ended.code, ended.err) == (0, "")
    page = Path(opened.read_text().removeprefix("file://"))
    assert "Version 1: promoted." in page.read_text()
    lines = ended.out.splitlines()
    assert lines[:2] == ["versions version 1, in production", f"report, opened in your browser: {page}"]
    assert "# versions, version 1" in lines
    assert "**promoted**: no gates set; there was no champion before it." in ended.out
    assert "For tests." in lines and "| owner | the testers |" in lines


def test_without_a_display_the_path_is_enough(versions):
    ended = versions.run("show", "2", "--config", "versions", DISPLAY="", WAYLAND_DISPLAY="", BROWSER="")

    assert (ended.code, ended.err) == (0, "")
    page = ended.out.splitlines()[1].removeprefix("report: ")
    assert "Version 2: champion kept." in Path(page).read_text()
    assert "# versions, version 2" in ended.out


def test_a_version_is_the_same_bytes_again_though_its_source_and_the_code_have_changed(versions, moved_source):
    ended = versions.run("reproduce", "1", "--config", "versions")

    assert (ended.code, ended.err) == (0, ""), ended.out
    assert "from a git worktree" in ended.out
    assert "data: as it was read then; data/versions.csv has changed since" in ended.out
    assert f"The same bytes: SHA-256 {sha256(versions, 1)}." in ended.out


def test_other_code_makes_other_bytes_and_the_difference_is_named(versions):
    (versions.root / "requirements.lock").write_text("numpy==1.0\n")

    ended = versions.run("reproduce", "1", "--config", "versions", "--here")
    git(versions.root, "checkout", "requirements.lock")

    assert (ended.code, ended.err) == (1, "")
    assert "code: changed since, and --here asks for the code that is here" in ended.out
    assert "lock: changed since" in ended.out
    assert f"instead of {sha256(versions, 1)}." in ended.out
    assert "first difference: " in ended.out and "values, by up to" in ended.out
    assert "answers to 120 test rows differ by up to 0." in ended.out
    assert "the code is not the code it was made with, which may be the reason" in ended.out


def test_rows_that_are_gone_are_read_again_from_a_source_that_is_the_same(versions, raw_gone):
    ended = versions.run("reproduce", "2", "--config", "versions")

    assert (ended.code, ended.err) == (0, "")
    assert "code: the same" in ended.out
    assert "data: read again from data/versions.csv, which has not changed" in ended.out
    assert f"The same bytes: SHA-256 {sha256(versions, 2)}." in ended.out


def test_rows_that_are_neither_in_the_store_nor_in_the_source_are_the_end(versions, raw_changed, moved_source):
    ended = versions.run("reproduce", "2", "--config", "versions")

    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "the data of versions version 2 is not as it was written" in ended.err
    assert "data/versions.csv has changed since: there is nothing to make it from" in ended.err


def test_an_unknown_version_is_one_sentence_with_those_there_are(versions):
    ended = versions.run("compare", "1", "7", "--config", "versions")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "versions: there is no version 7; there are 1 (champion), 2\n"
