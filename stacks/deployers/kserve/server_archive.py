"""The project's own server as one file that Python runs: what KServe's pods get beside the model.

The image has the packages of the lock and none of the project's code, so that a changed line rebuilds nothing. With the
code in the model repository, a version is served by the very code that it was smoke-tested with.
"""

from __future__ import annotations

import ast
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from switchyard.project import ROOT

NAME = "server.pyz"
_START = "switchyard.serving.__main__"
_MAIN = f"import sys\n\nfrom {_START} import main\n\nsys.exit(main())\n"
# The same code gives the same bytes on every machine: with the earliest time that a zip can say, and not compressed.
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def server_archive(root: Path = ROOT) -> bytes:
    """A zip file for `python server.pyz`, with the server and what of the library it imports.

    Args:
        root: The folder that has the package `switchyard`.
    """
    files = {str(file.relative_to(root)): file.read_bytes() for file in _imported(root)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in sorted({**files, "__main__.py": _MAIN.encode()}.items()):
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), text)
    return content.getvalue()


def _imported(root: Path) -> set[Path]:
    """The server's file, and all of the library that it imports, at once or later."""
    found: set[Path] = set()
    todo = [_START]
    while todo:
        module = todo.pop()
        file = _file(root, module)
        if file is None or file in found:
            continue
        found.add(file)
        package = module.rpartition(".")[0]
        todo += [package, *(name for name in _names(ast.parse(file.read_text())) if name.startswith("switchyard"))]
    return found


def _file(root: Path, module: str) -> Path | None:
    """Of a module; None if the name is another thing's, such as a function's."""
    path = root.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py") if module else ()
    return next((each for each in candidates if each.is_file()), None)


def _names(node: ast.AST) -> Iterator[str]:
    """What is imported below a node, but for what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield from (child.module, *(f"{child.module}.{alias.name}" for alias in child.names))
        else:
            yield from _names(child)
