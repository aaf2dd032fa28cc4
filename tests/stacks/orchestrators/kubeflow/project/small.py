"""Pipelines small enough to be run many times, each with something to go wrong."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated

from zenml import get_step_context, pipeline, step
from zenml.client import Client
from zenml.config.retry_config import StepRetryConfig
from zenml.enums import ExecutionMode

from switchyard.errors import GateError


@step(enable_cache=False)
def first(how: str) -> Annotated[int, "number"]:
    """Ends as it is told."""
    print(f"first is told to {how}")
    act(how)
    return 1


@step(enable_cache=False)
def second(number: int, how: str) -> Annotated[int, "sum"]:
    """Adds one."""
    act(how)
    return number + 1


@step(enable_cache=False, retry=StepRetryConfig(max_retries=1, delay=0))
def stubborn(marker: str) -> Annotated[int, "tries"]:
    """Is killed at its first attempt."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        act("write")
    return 2


@step(enable_cache=False)
def patient(seconds: float) -> Annotated[int, "slept"]:
    """Takes its time."""
    time.sleep(seconds)
    return 3


@step(enable_cache=False)
def imported() -> Annotated[list[str], "modules"]:
    """Says what its process has imported before it began."""
    return sorted(sys.modules)


def act(how: str) -> None:
    """Does what the test wants to see the end of."""
    if how == "raise":
        raise GateError("accuracy is 0.1, at least 0.5 was asked for")
    if how == "register":
        client = Client()
        client.create_model("small")
        client.create_model_version("small", tags=["half"])
        act("die")
    if how == "write":  # half of an artifact, and a piece of a large one
        uri = get_step_context().get_output_artifact_uri()
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        filesystem = Client().active_stack.artifact_store.filesystem
        filesystem.pipe_file(f"{uri}/data.json", b"{")
        filesystem.call_s3("create_multipart_upload", Bucket=bucket, Key=f"{key}/large.parquet")
        act("die")
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how.startswith("sleep"):
        time.sleep(float(how.split()[1]))


@pipeline(substitutions={"use_case": "small"}, execution_mode=ExecutionMode.STOP_ON_FAILURE)
def chain(one: str = "go on", two: str = "go on") -> None:
    """One after the other."""
    second(first(one), two)


@pipeline(substitutions={"use_case": "small"}, execution_mode=ExecutionMode.STOP_ON_FAILURE)
def retried(marker: str) -> None:
    """A step with two attempts."""
    stubborn(marker)


@pipeline(substitutions={"use_case": "small"}, execution_mode=ExecutionMode.STOP_ON_FAILURE)
def side_by_side(one: str, seconds: float) -> None:
    """Two that do not need each other."""
    first(one)
    patient(seconds)


@pipeline(substitutions={"use_case": "small"}, execution_mode=ExecutionMode.STOP_ON_FAILURE)
def started() -> None:
    """A step that does nothing."""
    imported()
