"""The command: reads the stack file, has everything looked at, prints a line a check."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable

from stacks.doctor.examine import Examined
from stacks.doctor.finding import Finding, failed
from switchyard.errors import InputError

_COLOURS = {"ok": "green", "failed": "red", "skipped": "yellow"}
_KEYS = ("ZENML_STORE_API_KEY", "ZENML_STORE_API_TOKEN")


def examine(stack: str, as_json: bool = False, debug: bool = False) -> int:
    """Looks at every part of a stack.

    Args:
        stack: The stack file's name.
        as_json: Print one JSON document instead of lines.
        debug: Show tracebacks, and what the libraries log.

    Returns:
        The exit code: 0 if nothing failed, otherwise 1.

    Raises:
        InputError: There is no such stack file, or it is broken.
    """
    for name, value in (("ZENML_ANALYTICS_OPT_IN", "false"), ("ZENML_ENABLE_RICH_TRACEBACK", "false")):
        os.environ.setdefault(name, value)
    if not debug:
        logging.disable(logging.CRITICAL)  # the libraries log each failure, and their retries, too
    try:
        found = _as_json(stack, _look(stack, debug)) if as_json else _as_lines(_look(stack, debug))
    finally:
        logging.disable(logging.NOTSET)
    return 1 if any(each.finding.state == "failed" for each in found) else 0


def _look(name: str, debug: bool) -> Iterable[Examined]:
    from stacks.doctor.checks import CHECKS
    from stacks.doctor.examine import run_checks
    from stacks.doctor.target import Target
    from stacks.setup.stack_file import read_stack, read_template

    read_template(name)
    try:
        target = Target(name, read_stack(name))
    except InputError as error:  # values that are missing: a line each, and nothing to look at yet
        return [Examined("variables", _missing(line), 0.0) for line in str(error).splitlines()]
    return run_checks(CHECKS, target, [os.environ[key] for key in _KEYS if os.environ.get(key)], debug)


def _missing(line: str) -> Finding:
    seen, _, advice = line.partition("; ")
    return failed(seen, advice)


def _as_lines(found: Iterable[Examined]) -> list[Examined]:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    told = []
    for each in found:
        finding = each.finding
        line = Text.assemble((f"{finding.state:<8}", _COLOURS[finding.state]), f"{each.check:<20}{finding.seen}")
        if finding.advice:
            line.append(f"; {finding.advice}", "bold")
        console.print(line)
        told.append(each)
    count = sum(each.finding.state == "failed" for each in told)
    console.print(f"{count} of {len(told)} checks failed" if count else f"nothing failed in {len(told)} checks")
    return told


def _as_json(stack: str, found: Iterable[Examined]) -> list[Examined]:
    told = list(found)
    checks = [
        {
            "check": each.check,
            "state": each.finding.state,
            "seen": each.finding.seen,
            "advice": each.finding.advice,
            "seconds": round(each.seconds, 3),
        }
        for each in told
    ]
    ok = all(each.finding.state != "failed" for each in told)
    print(json.dumps({"stack": stack, "ok": ok, "checks": checks}, indent=2, ensure_ascii=False))
    return told
