"""Reads a YAML file into plain values, and remembers the line of every key.

Written over PyYAML's node graph for four reasons: a key given twice is an error and not a
silent override, an error can name its line, keys are always text (a column may be called
`2019` or `no`), and the plain scalars are those of YAML 1.2: `1e-3` is a number, `no` is
text, `007` is text, a date is text.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import JsonValue

from switchyard.errors import InputError

# A PyYAML built without libyaml is slower and gives the same values.
if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KeyPath = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"


@dataclass(frozen=True)
class Document:
    """What a YAML file holds.

    Attributes:
        path: The file.
        value: Its top-level mapping, as dicts, lists, text, numbers, booleans and None.
        origins: Where each key path was written: "line 12", or the `--set` that gave it.
    """

    path: Path
    value: dict[str, JsonValue]
    origins: dict[KeyPath, str]


def read_yaml(path: Path) -> Document:
    """Reads one YAML file whose top level is a mapping.

    Args:
        path: The file.

    Returns:
        The plain values and the line of every key.

    Raises:
        InputError: The file is missing, unreadable, empty, not UTF-8, not YAML, gives a
            key twice, or is no mapping.
    """
    text = _read_text(path)
    origins: dict[KeyPath, str] = {}
    value = parse_yaml(text, str(path), origins)
    if value is None:
        raise InputError(
            f"{path} is empty; write at least its keys name, task, data, contract, candidates and metrics."
        )
    if not isinstance(value, dict):
        raise InputError(f"{path} holds {found(value)} at its top level, where a mapping (key: value) is wanted.")
    return Document(path, value, origins)


def parse_yaml(text: str, source: str, origins: dict[KeyPath, str] | None = None) -> JsonValue:
    """Parses one YAML document into plain values.

    Args:
        text: The document.
        source: What to call it in an error, such as the file's path.
        origins: Filled with the line of each key path, if given.

    Returns:
        Dicts with text keys, lists, text, numbers, booleans or None; None if there is no document.

    Raises:
        InputError: The text is not YAML, gives a key twice, or uses a tag of its own.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return None if node is None else _Plain(loader, {} if origins is None else origins).value(node, ())
    except yaml.MarkedYAMLError as error:
        raise InputError(f"{source} is not valid YAML{_place(error)}: {_reason(error)}.") from None
    except yaml.YAMLError as error:  # a character that YAML does not allow, such as a control code
        raise InputError(f"{source} is not valid YAML: {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise InputError(f"{source} is nested too deeply to be read.") from None
    finally:
        loader.dispose()


def found(value: JsonValue) -> str:
    """Describes a value that was found, short enough for a sentence."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"a mapping with {', '.join(map(str, value))}"[:80] if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:57]}...")
    return str(value)


def close_match(word: str, words: list[str]) -> str:
    """Returns the word most like `word`, or "" if none is near."""
    return next(iter(difflib.get_close_matches(word, words, n=1)), "")


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at position {error.start}; save it as UTF-8."
        ) from None
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; {_neighbours(path)}.") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name a file in it: {_listing(path)}.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{path} cannot be read: {reason}; check its name and its permissions.") from None


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist either"
    names = _yaml_files(folder)
    guess = close_match(path.name, names) or close_match(f"{path.name}.yaml", names)
    question = f"did you mean {folder / guess}? " if guess else ""
    return question + _listing(folder)


def _listing(folder: Path) -> str:
    return f"{folder} has {', '.join(_yaml_files(folder)) or 'no YAML file'}"


def _yaml_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _reason(error: yaml.MarkedYAMLError) -> str:
    if error.problem and error.problem.startswith("but "):  # "expected a single document, but found another"
        return f"{error.context}, {error.problem}"
    return " ".join(part for part in (error.problem, error.context) if part) or "it cannot be parsed"


class _Loader(SafeLoader):
    """PyYAML's parser with the scalar types of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own class attribute)


for _tag, _pattern, _first in [
    ("null", r"(?:~|null|Null|NULL|)", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)", list("tTfF")),
    ("int", r"(?:[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+)", list("-+0123456789")),
    # No leading zeros: 007 and 01.5 are more often a code than a number.
    (
        "float",
        r"[-+]?(?:\.(?:inf|Inf|INF)|\.[0-9]+(?:[eE][-+]?[0-9]+)?|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)"
        r"|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", "<<", ["<"]),
]:
    _Loader.add_implicit_resolver(f"{_TAG}{_tag}", re.compile(f"(?:{_pattern})$"), _first)


class _Plain:
    """Turns PyYAML's nodes into plain values, noting the line of each key path."""

    def __init__(self, loader: _Loader, origins: dict[KeyPath, str]) -> None:
        self._loader = loader
        self._origins = origins
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> JsonValue:
        """Returns the plain value of a node at a key path."""
        self._origins.setdefault(path, f"line {node.start_mark.line + 1}")
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._open:
            raise yaml.MarkedYAMLError(problem="an alias stands inside its own anchor", problem_mark=node.start_mark)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, JsonValue]:
        _refuse_duplicates(node)
        self._loader.flatten_mapping(node)
        result: dict[str, JsonValue] = {}
        for key, item in node.value:
            at = (*path, key.value)
            self._origins[at] = f"line {key.start_mark.line + 1}"
            result[key.value] = self.value(item, at)
        return result


def _refuse_duplicates(node: yaml.MappingNode) -> None:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key.start_mark)
        if key.tag != _MERGE and key.value in lines:
            problem = f"the key {key.value} is given twice (first on line {lines[key.value]})"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        lines[key.value] = key.start_mark.line + 1


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text, tag = node.value, node.tag.removeprefix(_TAG)
    try:
        match tag:
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                return int(text, 0)
            case "float":
                return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
            case "str" | "timestamp":
                return str(text)
    except (ValueError, KeyError):
        raise yaml.MarkedYAMLError(problem=f"{found(text)} is no {tag}", problem_mark=node.start_mark) from None
    raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} is not allowed", problem_mark=node.start_mark)
