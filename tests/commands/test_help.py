"""`python run.py --help` describes the keys of a config in the words of the models."""

from __future__ import annotations

import pytest

from commands import COMMANDS, parser_of
from switchyard.config.descriptions import described_keys
from switchyard.config.sections import Config


def test_the_help_of_a_run_lists_every_key_and_every_other_command():
    lines = [line.split(maxsplit=1) for line in parser_of("run").format_help().splitlines() if line]

    for key, words in described_keys(Config).items():
        assert [key, words] in lines
    for name in set(COMMANDS) - {"run"}:
        assert any(name in line[-1].split(", ") or f": {name}" in line[-1] for line in lines), name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_says_what_it_does(name):
    shown = " ".join(parser_of(name).format_help().split())

    assert shown.startswith(f"usage: python run.py{'' if name == 'run' else f' {name}'}")
    assert "--debug" in shown
