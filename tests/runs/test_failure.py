"""How a run that was executed elsewhere failed is told from what ZenML has recorded of it."""

from __future__ import annotations

import contextlib

import pytest
from zenml import pipeline, step

from runs.launch import failure
from switchyard import errors
from switchyard.errors import GateError, InputError, SwitchyardError

TWO_LINES = "titanic.csv: column age: min 0 is broken by 2 rows:\n  ValueError: -1"


@step(enable_cache=False)
def fail(kind: str, message: str) -> None:
    """Raises an error of ours, or one that nobody foresaw."""
    known = getattr(errors, kind, None)
    try:
        raise KeyError("what came before")
    except KeyError as before:
        raise (known or ValueError)(message) from before


@pipeline
def failing(kind: str, message: str) -> None:
    fail(kind, message)


@pytest.fixture(scope="module")
def failed(zenml):
    """Runs the step until it fails, and gives what ZenML then knows of the run."""

    def run(kind, message):
        with contextlib.suppress(Exception):
            failing(kind, message)
        return zenml.list_pipeline_runs(sort_by="desc:created", size=1, hydrate=True).items[0]

    return run


@pytest.mark.parametrize("error", [GateError, InputError])
def test_an_error_of_ours_comes_back_with_its_exit_code(failed, error):
    found = failure(failed(error.__name__, TWO_LINES))

    assert type(found) is error
    assert str(found) == TWO_LINES
    assert found.exit_code == error.exit_code


def test_any_other_error_names_its_step(failed):
    found = failure(failed("ValueError", "no such thing: x"))

    assert type(found) is SwitchyardError
    assert str(found) == "step fail failed: ValueError: no such thing: x"


def test_an_error_without_a_message_names_its_kind(failed):
    assert str(failure(failed("ValueError", ""))) == "step fail failed: ValueError"
