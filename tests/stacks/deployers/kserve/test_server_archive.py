"""The server as one file: whole, small, and the same bytes for the same code."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile

import pytest

from stacks.deployers.kserve.server_archive import server_archive
from switchyard.project import ROOT


@pytest.fixture
def copy(tmp_path):
    """The library in another folder."""
    shutil.copytree(ROOT / "switchyard", tmp_path / "switchyard", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def names(content):
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_python_runs_it_without_the_project(tmp_path):
    (tmp_path / "server.pyz").write_bytes(server_archive())
    command = [sys.executable, "-I", "server.pyz", "--root", "nowhere"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("nowhere is not a folder: create it or name another one\n")


def test_what_is_imported_late_is_in_it_and_what_only_trains_is_not():
    found = names(server_archive())
    assert {"switchyard/serving/http/short_path.py", "switchyard/model/faiss_gallery.py", "switchyard/__init__.py"} <= {
        *found
    }
    assert [name for name in found if "network" in name or "training" in name or "evaluation" in name] == []


def test_only_code_of_the_server_changes_it(copy):
    before = server_archive(copy)
    assert server_archive(copy) == before == server_archive()
    with (copy / "switchyard" / "training" / "images" / "network.py").open("a") as file:
        file.write("# another line\n")
    assert server_archive(copy) == before
    with (copy / "switchyard" / "serving" / "protocol" / "infer.py").open("a") as file:
        file.write("# another line\n")
    assert server_archive(copy) != before
