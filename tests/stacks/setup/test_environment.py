""".env: what it may hold, that the environment wins, and that ZenML sees it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from stacks.setup.environment import load_environment, read_env_file
from switchyard.errors import InputError


@pytest.fixture
def env_file(tmp_path):
    def write(text):
        path = tmp_path / ".env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_lines_are_read_as_they_stand(env_file):
    text = "# a comment\n\nexport A=one\nB='two # no comment'\nC=\nD=pa$$word${A}\nE=x#y\nF=x # comment\n"

    values = read_env_file(env_file(text))

    assert values == {"A": "one", "B": "two # no comment", "D": "pa$$word${A}", "E": "x#y", "F": "x"}


def test_the_environment_wins_and_nothing_happens_without_a_file(env_file, tmp_path, monkeypatch):
    monkeypatch.setenv("SWITCHYARD_ONE", "mine")
    monkeypatch.setenv("SWITCHYARD_TWO", "x")  # so that it is gone again after the test
    monkeypatch.delenv("SWITCHYARD_TWO")

    load_environment(tmp_path / "missing")
    load_environment(env_file("SWITCHYARD_ONE=theirs\nSWITCHYARD_TWO=two\n"))

    assert (os.environ["SWITCHYARD_ONE"], os.environ["SWITCHYARD_TWO"]) == ("mine", "two")


WRONG = {
    "no equals sign": ("A=1\n\nthe-secret\n", "line 3"),
    "a name with a space": ("A=1\nmy key=the-secret\n", "line 2"),
    "a name that is none": ("1A=the-secret\n", "line 1"),
    "an open quote": ("A=1\nB='the-secret\n", "line 2"),
    "not UTF-8": (b"A=the-secret\xff\n", "UTF-8"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_line_that_is_no_value_is_refused_by_its_number_and_not_by_its_text(env_file, case):
    text, word = WRONG[case]

    with pytest.raises(InputError, match=rf"^\.env.*{word}") as refused:
        read_env_file(env_file(text))

    assert "the-secret" not in str(refused.value)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / ".env").mkdir()

    with pytest.raises(InputError, match=r"\.env cannot be read"):
        load_environment(tmp_path / ".env")


def test_zenml_talks_to_the_server_that_the_file_names(env_file):
    """And a command that asks ZenML nothing does not pay for the file's parser."""
    program = """
import sys
from pathlib import Path
from stacks.setup.environment import load_environment
load_environment(Path("/nowhere/.env"))
assert "dotenv" not in sys.modules and "zenml" not in sys.modules
load_environment(Path(sys.argv[1]))
from zenml.config.global_config import GlobalConfiguration
store = GlobalConfiguration().store_configuration
print(store.url, store.type.value)
"""
    path = env_file("ZENML_STORE_URL=http://127.0.0.1:9\nZENML_STORE_API_KEY=ZENKEY_x\n")
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "ZENML_LOGGING_VERBOSITY": "ERROR"}  # noqa: PTH109

    told = subprocess.run(
        [sys.executable, "-c", program, path], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert told.stdout.split() == ["http://127.0.0.1:9", "rest"], told.stderr
