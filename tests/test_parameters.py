"""No function of the program takes more than seven parameters."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("switchyard", "steps", "stacks", "runs", "pipelines", "commands")
MOST = 7


def long_lists(text: str) -> list[str]:
    """The functions of a file with too many parameters; `self` and `cls` do not count."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            count = len([name for name in names if name not in ("self", "cls")])
            count += (given.vararg is not None) + (given.kwarg is not None)
            if count > MOST:
                found.append(f"{node.name} ({count})")
    return found


def test_no_function_takes_more_than_seven_parameters():
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    found = {str(file.relative_to(ROOT)): long_lists(file.read_text(encoding="utf-8")) for file in files}

    assert {file: functions for file, functions in found.items() if functions} == {}


def test_the_count_has_keywords_and_stars_but_not_self():
    assert long_lists("class A:\n    def f(self, a, b, c, d, e, f, *, g): ...") == []
    assert long_lists("def f(a, b, c, d, e, /, f, *g, h, **i): ...") == ["f (9)"]
