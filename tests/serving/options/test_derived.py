"""The options of the server: one declaration, and all that is derived from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
import yaml
from pydantic import Field

from stacks.deployers.kserve.serving_runtime import serving_runtime
from switchyard.config.sections import Deployment
from switchyard.config.server_options import Batching, InPod, ServerOptions
from switchyard.errors import InputError
from switchyard.project import ROOT
from switchyard.serving.local import daemon
from switchyard.serving.options.derived import (
    command_line,
    config_arguments,
    describe,
    environment,
    parse,
    parser,
    table,
)

# What a developer adds for a new option that a config sets: this line, after another one of `ServerSettings`.
LINE = '    warm_up_rows: int = Field(default=3, ge=0, description="rows to answer before the first request")\n'
BEFORE = "    batching: Batching | None = None"
PROGRAM = """
import json
from pathlib import Path
from stacks.deployers.local.service import OipServiceConfig
from switchyard.config.sections import Deployment
from switchyard.config.server_options import ServerOptions, ServerSettings, settings_of
from switchyard.serving.local import daemon
from switchyard.serving.options.derived import config_arguments, describe, parser, table

deployment = Deployment(warm_up_rows=7)
options = ServerOptions.for_deployment(Path("/models"), deployment)
known = OipServiceConfig(model_name="titanic", root="/models", server=ServerSettings(**settings_of(deployment)))
print(json.dumps({
    "help": parser().format_help(),
    "daemon": daemon.command(options),
    "InferenceService": config_arguments(deployment),
    "record": known.model_dump(mode="json"),
    "settings": describe(options),
    "table": table(),
}))
"""


class Warming(ServerOptions):
    """The options with one more, which every pod gets."""

    warm_up: Annotated[int, InPod(3)] = Field(default=0, description="rows to answer before the first request")


def test_an_option_that_is_declared_once_is_on_every_command_line_in_the_manifest_and_in_the_table():
    options = parse(["--root", "models", "--warm-up", "2"], {}, Warming)
    assert options.warm_up == 2
    assert "--warm-up WARM_UP" in parser(Warming).format_help()
    command = daemon.command(options)
    assert command[command.index("--warm-up") + 1] == "2"
    (container,) = yaml.safe_load(serving_runtime("ml", "image", Warming))["spec"]["containers"]
    assert "--warm-up=3" in container["args"]
    assert "| `--warm-up` |  | `0` | `3` | rows to answer before the first request |" in table(Warming)


def test_one_new_line_reaches_the_config_the_daemon_kserve_and_zenml_s_record(tmp_path):
    for package in ("switchyard", "stacks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "switchyard" / "config" / "server_options.py"
    text = file.read_text()
    assert text.count(BEFORE) == 1
    file.write_text(text.replace(BEFORE, LINE + BEFORE))

    command = [sys.executable, "-P", "-c", PROGRAM]
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    assert "--warm-up-rows WARM_UP_ROWS" in found["help"]
    assert "(default: 3)" in found["help"]
    for words in (found["daemon"], found["InferenceService"]):
        assert words[words.index("--warm-up-rows") + 1] == "7"
    assert found["record"]["server"]["warm_up_rows"] == 7
    assert "warm_up_rows 7" in found["settings"]
    assert "| `--warm-up-rows` | `warm_up_rows` | `3` | from the config |" in found["table"]


def test_the_table_of_the_manual_is_the_generated_one():
    assert table() in (ROOT / "docs" / "endpoint.md").read_text()


def test_the_names_and_defaults_are_these():
    options = parse(["--root", "models"], {}, ServerOptions)
    assert options.model_dump() == {
        "host": "127.0.0.1",
        "port": 8080,
        "max_request_mb": 8.0,
        "batching": None,
        "root": Path("models"),
        "read_only": False,
        "next_free_port": False,
        "token": None,
        "token_file": None,
        "log": None,
        "drain_seconds": 0.0,
        "request_seconds": 30.0,
    }


def test_a_command_line_gives_the_options_that_it_was_made_from(tmp_path):
    options = ServerOptions(
        root=tmp_path, port=9000, batching=Batching(max_delay_ms=1.5, max_size=8), token="s3cret", read_only=True
    )
    words = command_line(options)
    assert "s3cret" not in " ".join(words)
    assert parse(words, environment(options), ServerOptions) == options


def test_a_batch_size_without_a_delay_is_no_batching():
    assert parse(["--root", "models", "--batch-size", "8"], {}, ServerOptions).batching is None


def test_the_token_is_in_no_representation():
    assert "s3cret" not in repr(ServerOptions(root=Path(), token="s3cret"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "-1"], "--port is -1: it must be greater than or equal to 0"),
        (["--max-request-mb", "-1"], "--max-request-mb is -1: it must be greater than 0"),
        (["--drain-seconds", "nan"], "--drain-seconds is nan: it must be a finite number"),
    ],
)
def test_a_value_out_of_range_is_one_sentence_with_its_flag(words, said):
    with pytest.raises(InputError) as refused:
        parse(["--root", "models", *words], {}, ServerOptions)
    assert str(refused.value) == said


def test_an_inference_service_gets_what_the_config_sets_but_for_the_address_of_the_pod():
    deployment = Deployment(host="127.0.0.2", port=9000, max_request_mb=2.0)
    assert config_arguments(deployment) == ["--max-request-mb", "2.0"]


def test_what_a_running_server_keeps_is_described_without_its_address(tmp_path):
    options = ServerOptions(root=tmp_path, port=9000)
    assert describe(options) == "max_request_mb 8 and no batching"
    batching = Batching(max_delay_ms=2.5)
    told = describe(options.model_copy(update={"batching": batching}))
    assert told == "max_request_mb 8 and batching {max_delay_ms: 2.5, max_size: 32}"


def test_the_runtime_of_kserve_gives_its_pods_what_it_always_gave():
    (container,) = yaml.safe_load(serving_runtime("ml", "image"))["spec"]["containers"]
    given = {"--root=/mnt/models", "--read-only", "--host=0.0.0.0", "--port=8080", "--drain-seconds=5"}
    assert set(container["args"]) == given
    assert container["ports"][0]["containerPort"] == 8080
