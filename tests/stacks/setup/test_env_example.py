""".env.example says what the stack file says, and what is filled in there is read."""

from __future__ import annotations

import re
import subprocess

from rehearsal.programs import program
from stacks.setup.env_example import env_example
from stacks.setup.environment import read_env_file
from stacks.setup.stack_file import read_stack, read_template
from switchyard.project import ROOT


def test_the_example_is_as_new():
    assert (ROOT / ".env.example").read_text() == env_example(), "python -m stacks.setup.env_example > .env.example"


def test_git_keeps_the_example_and_not_the_keys():
    told = subprocess.run(
        [program("git"), "check-ignore", "--no-index", ".env", ".env.example"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if "not a git repository" not in told.stderr:
        assert told.stdout.split() == [".env"]


def test_a_filled_in_example_makes_a_stack(tmp_path):
    template = read_template("kubeflow")
    text = env_example()
    assert [name for name in template.variables if not re.search(rf"^(# )?{name}=", text, re.MULTILINE)] == []
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^# (\w+=)", r"\1", text, flags=re.MULTILINE))

    values = read_env_file(file)

    optional = {name: each.example for name, each in template.variables.items() if each.default is not None}
    assert values == optional
    required = {name: each.example for name, each in template.variables.items() if each.default is None}
    assert read_stack("kubeflow", values | required).components["orchestrator"].config["namespace"] == "ml"
