"""Writes `.env.example` from the variables of a stack file: `python -m stacks.setup.env_example > .env.example`."""

from __future__ import annotations

from itertools import groupby

from stacks.setup.placeholders import Variable
from stacks.setup.stack_file import read_template

_HEAD = """\
# What `stacks/{name}.yaml` needs to know of your cluster: cp .env.example .env, and fill in .env (git ignores it).
# Lines that are commented out may stay so. What the environment has wins over this file.
# Made by `python -m stacks.setup.env_example > .env.example`: change the text in stacks/{name}.yaml.
"""


def env_example(name: str = "kubeflow") -> str:
    """The text of the example for this stack file: required variables to fill in, optional ones commented out."""
    variables = read_template(name).variables
    groups = groupby(variables.items(), key=lambda item: item[0].split("_")[0])
    blocks = ["\n".join(_entry(*item) for item in items) for _, items in groups]
    return "\n".join([_HEAD.format(name=name), *(f"{block}\n" for block in blocks)])


def _entry(name: str, variable: Variable) -> str:
    if variable.default is None:
        return f"# {variable.purpose}; required, such as {variable.example}\n{name}="
    default = f"; {variable.default} if not given" if variable.default else ""
    return f"# {variable.purpose}{default}\n# {name}={variable.example}"


if __name__ == "__main__":
    print(env_example(), end="")
