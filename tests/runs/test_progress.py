"""ZenML's log becomes one line a step."""

from __future__ import annotations

import contextlib
import io
import logging
import re

import pytest
from rich.console import Console

from runs.progress import step_lines

ZENML = logging.getLogger("zenml.orchestrators.step_launcher")


@pytest.fixture(autouse=True)
def loud(monkeypatch):
    monkeypatch.setattr(ZENML, "level", logging.INFO)
    monkeypatch.setattr(ZENML, "disabled", False)


def lines(*records, terminal=False, error=None, debug=False):
    """What is printed while these are logged, and the steps that failed."""
    console, failed = Console(file=io.StringIO(), width=100, force_terminal=terminal), []
    with contextlib.suppress(RuntimeError, KeyboardInterrupt), step_lines(console, debug, failed):
        for message, *arguments in records:
            ZENML.info(message, *arguments)
        if error:
            raise error
    return console.file.getvalue(), failed


def told(text):
    """Step and outcome of each line."""
    return [tuple(line.split()[:2]) for line in text.splitlines()]


def started(name):
    return (f"Step `{name}` has started.",)


def finished(name):
    return (f"Step `{name}` has finished in `1.2s`.",)


def cached(name):
    return ("Using cached version of step `%s`.", name)


def test_a_line_is_printed_when_a_step_has_ended():
    text, failed = lines(started("ingest"), finished("ingest"), cached("validate"), started("train_a b"))

    assert told(text) == [("ingest", "done"), ("validate", "cached"), ("train_a", "b")]
    assert re.search(r"^ingest +done +\d+\.\d s$", text, re.MULTILINE)
    assert re.search(r"^train_a b +stopped ", text, re.MULTILINE)
    assert failed == []


def test_a_step_that_is_told_twice_has_one_line():
    text, _ = lines(cached("ingest"), cached("ingest"), started("train"), started("train"), finished("train"))

    assert told(text) == [("ingest", "cached"), ("train", "done")]


@pytest.mark.parametrize(
    "record",
    [
        ("Failed to run step `%s`: %s", "train", "no room"),
        ("Failed preparing step `train`.",),
        ("Failed preparing step run `%s`: %s", "train", "no room"),
    ],
)
def test_a_failed_step_is_told_and_noted(record):
    text, failed = lines(started("train"), record, error=RuntimeError())

    assert told(text) == [("train", "failed")]
    assert failed == ["train"]


def test_steps_that_were_running_when_the_run_was_interrupted_are_stopped():
    text, failed = lines(started("ingest"), finished("ingest"), started("train"), error=KeyboardInterrupt())

    assert told(text) == [("ingest", "done"), ("train", "stopped")]
    assert failed == []


def test_everything_else_that_is_logged_is_left_out():
    with_others = [("Creating a run.",), ("Step operators are fine.",), started("ingest"), finished("ingest")]

    text, _ = lines(*with_others)

    assert told(text) == [("ingest", "done")]


def test_what_looks_like_markup_is_printed_as_it_is():
    assert told(lines(started("train_[bold]x"), finished("train_[bold]x"))[0]) == [("train_[bold]x", "done")]


def test_a_terminal_shows_every_step_with_its_mark():
    text, _ = lines(started("ingest"), finished("ingest"), cached("validate"), terminal=True)

    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).splitlines()[-2:]
    assert [line.split()[:2] for line in last] == [["✓", "ingest"], ["=", "validate"]]


def test_the_log_is_as_it_was_afterwards_and_untouched_with_debug():
    before = list(logging.getLogger().handlers)

    lines(started("ingest"))
    assert logging.getLogger().handlers == before

    assert lines(started("ingest"), finished("ingest"), debug=True) == ("", [])


def test_an_orchestrator_of_ours_tells_of_steps_that_run_elsewhere():
    console = Console(file=io.StringIO(), width=100)
    with step_lines(console, False, []):
        logging.getLogger("stacks.orchestrators.kubeflow.waiting").info(*started("ingest"))
        logging.getLogger("stacks.orchestrators.kubeflow.waiting").info(*finished("ingest"))
        logging.getLogger("somebody.else").warning(*started("validate"))

    assert told(console.file.getvalue()) == [("ingest", "done")]


def test_an_epoch_is_told_as_it_is():
    console = Console(file=io.StringIO(), width=40)
    with step_lines(console, False, []):
        logging.getLogger("steps.support.epochs").info(
            "train_cnn epoch %d: %s", 3, "loss 0.25 (validation 0.31), accuracy 0.91"
        )
        logging.getLogger("steps.other").info("not for users")
        logging.getLogger("steps.storage.remote_checkpoint").warning("%s cannot be written", "s3://b/checkpoint.zip")

    told = ["train_cnn epoch 3: loss 0.25 (validation 0.31), accuracy 0.91", "s3://b/checkpoint.zip cannot be written"]
    assert console.file.getvalue().splitlines() == [f"  {each}" for each in told]
