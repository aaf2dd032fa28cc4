"""No folder of the program imports, directly or through others, a folder that imports it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("switchyard", "steps", "stacks", "runs", "pipelines", "commands")
Graph = dict[str, set[str]]
# Each of these folders imports its own subfolders, which import files of the folder back. No others may appear, and a
# cycle that is gone must be taken out here.
KNOWN = {
    ("switchyard.config", "switchyard.config.checks", "switchyard.config.reading"),
    ("switchyard.training.images", "switchyard.training.images.onnx"),
    ("switchyard.training.tables", "switchyard.training.tables.onnx"),
}


def modules(root: Path) -> dict[str, Path]:
    """Every module, and its file."""
    files = [file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))]
    return {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported below a node, inside functions too, but for what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0 and child.module:
            for alias in child.names:
                yield from (f"{child.module}.{alias.name}", child.module)
        else:
            yield from imported(child)


def folder(module: str, file: Path) -> str:
    """The folder that a module is in; a module directly below a package (`switchyard.errors`) stands for itself."""
    parts = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    return module if len(parts) == 1 else ".".join(parts)


def graph(root: Path = ROOT) -> Graph:
    """The folders, and which other folders each imports."""
    files = modules(root)
    found: Graph = {}
    for module, file in files.items():
        here = folder(module, file)
        edges = found.setdefault(here, set())
        for name in imported(ast.parse(file.read_text(encoding="utf-8"))):
            if name in files:
                edges.add(folder(name, files[name]))
    for here, edges in found.items():
        edges.discard(here)
    return found


def reachable(graph: Graph, start: str) -> set[str]:
    """The folders that one imports, directly or through others."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = graph.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def cycles(graph: Graph) -> set[frozenset[str]]:
    """The sets of folders each of which reaches all others of its set."""
    reach = {here: reachable(graph, here) for here in graph}
    found = {frozenset(there for there in reach[here] if here in reach[there]) for here in graph}
    return {each for each in found if each}


def test_there_is_no_cycle_of_folders_but_the_known_ones():
    assert {tuple(sorted(each)) for each in cycles(graph())} == KNOWN


@pytest.fixture
def tree(tmp_path):
    """A function that writes modules, and returns the cycles of the tree."""

    def write(**files):
        for name, text in files.items():
            file = tmp_path / f"{name.replace('__', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return {tuple(sorted(each)) for each in cycles(graph(tmp_path))}

    return write


def test_an_import_inside_a_function_closes_a_cycle(tree):
    found = tree(stacks__a__one="import stacks.b.two\n", stacks__b__two="def f():\n    from stacks.a import one\n")
    assert found == {("stacks.a", "stacks.b")}


def test_a_folder_and_its_own_subfolder_are_two(tree):
    found = tree(stacks__a__one="from stacks.a.b import two\n", stacks__a__b__two="from stacks.a import one\n")
    assert found == {("stacks.a", "stacks.a.b")}


def test_a_cycle_of_three_is_found_and_what_only_type_checkers_read_closes_none(tree):
    for_types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import steps.a.one\n"
    assert (
        tree(steps__a__one="import steps.b.two\n", steps__b__two="import runs.c.three\n", runs__c__three=for_types)
        == set()
    )
    assert tree(runs__c__three="import steps.a.one\n") == {("runs.c", "steps.a", "steps.b")}
