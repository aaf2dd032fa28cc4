"""What is derived from the server's options: its command line, the arguments of a pod, and the table of the manual."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from switchyard.config.section import Section
from switchyard.config.server_options import Flag, InPod, ServerOptions, ServerSettings, Variable
from switchyard.errors import InputError

_ABOUT = "Serve a model repository with the Open Inference Protocol v2 until SIGTERM."
Mark = TypeVar("Mark")
Options = TypeVar("Options", bound=ServerOptions)


@dataclass(frozen=True)
class Option:
    """One option of the server.

    Attributes:
        path: The field, and before it the section that it is in, if any: `("batching", "max_size")`.
        field: Its declaration.
        kind: The type of its value, `bool` for a switch.
    """

    path: tuple[str, ...]
    field: FieldInfo
    kind: type

    @property
    def name(self) -> str:
        """The name of the field, with that of its section before it."""
        return ".".join(self.path)

    @property
    def flag(self) -> str:
        """Its name on the command line; empty if only a variable sets it."""
        if self.mark(Variable) is not None:
            return ""
        flag = self.mark(Flag)
        return flag.name if flag else f"--{self.path[-1].replace('_', '-')}"

    @property
    def from_config(self) -> bool:
        """Whether a config's `deployment` section sets it."""
        return self.path[0] in ServerSettings.model_fields

    def mark(self, mark: type[Mark]) -> Mark | None:
        """What the declaration says of one kind (`Flag`, `Variable`, `InPod`), or None."""
        return next((each for each in self.field.metadata if isinstance(each, mark)), None)

    def value(self, settings: Section) -> Any:  # noqa: ANN401 - whatever the field holds
        """Its value; None if the section that it is in is not set."""
        value: Any = settings
        for name in self.path:
            value = None if value is None else getattr(value, name)
        return value


def options(model: type[Section] = ServerOptions) -> Iterator[Option]:
    """All options of a model, those of its sections after one another."""
    for name, field in model.model_fields.items():
        kind = _type(field)
        if issubclass(kind, Section):
            for inner in options(kind):
                yield Option((name, *inner.path), inner.field, inner.kind)
        else:
            yield Option((name,), field, kind)


def parse(arguments: Sequence[str], environment: Mapping[str, str], model: type[Options]) -> Options:
    """The options that a command line and its environment give.

    Args:
        arguments: The command line, without the program.
        environment: The environment variables.
        model: `ServerOptions`.

    Raises:
        InputError: A value is out of range; names the flag.
        SystemExit: The command line is not one; argparse has said why.
    """
    parsed = vars(parser(model).parse_args(arguments))
    values: dict[str, Any] = {}
    for option in options(model):
        variable = option.mark(Variable)
        value = parsed.get(option.name) if variable is None else environment.get(variable.name, "").strip() or None
        if value is None:
            continue
        if len(option.path) == 1:
            values[option.name] = value
        elif _opens_its_section(option, model):
            values[option.path[0]] = {option.path[1]: value}
        elif option.path[0] in values:
            values[option.path[0]][option.path[1]] = value
    try:
        return model(**values)
    except ValidationError as error:
        wrong = error.errors()[0]
        flag = next(option.flag for option in options(model) if option.path == wrong["loc"])
        what = wrong["msg"].replace("Input should be", "it must be")
        raise InputError(f"{flag} is {_plain(wrong['input'])}: {what}") from error


def parser(model: type[ServerOptions] = ServerOptions) -> argparse.ArgumentParser:
    """The server's command line. What is not given is None."""
    made = argparse.ArgumentParser(prog="switchyard.serving", description=_ABOUT)
    for option in options(model):
        if not option.flag:
            continue
        how: dict[str, Any] = {"dest": option.name, "help": _help(option, model), "default": None}
        if option.kind is bool:
            how["action"] = "store_true"
        else:
            how |= {"type": option.kind, "metavar": option.flag.lstrip("-").upper().replace("-", "_")}
        made.add_argument(option.flag, required=option.field.is_required(), **how)
    return made


def command_line(settings: ServerOptions) -> list[str]:
    """The arguments that give a server these options, but for those that go by environment."""
    return [word for option in options(type(settings)) for word in _words(option, option.value(settings))]


def environment(settings: ServerOptions) -> dict[str, str]:
    """The environment variables that give a server the rest of these options."""
    found: dict[str, str] = {}
    for option in options(type(settings)):
        variable, value = option.mark(Variable), option.value(settings)
        if variable is not None and value is not None:
            found[variable.name] = str(value)
    return found


def config_arguments(settings: ServerSettings) -> list[str]:
    """What an InferenceService adds to the arguments of its runtime: the `deployment` section, but for the address."""
    found = [option for option in options(ServerSettings) if option.mark(InPod) is None]
    return [word for option in found for word in _words(option, option.value(settings))]


def pod_arguments(model: type[ServerOptions] = ServerOptions) -> dict[str, str | int | bool]:
    """What the ServingRuntime gives to the server in every pod, by flag."""
    found = ((option.flag, option.mark(InPod)) for option in options(model))
    return {flag: pod.value for flag, pod in found if pod is not None}


def describe(settings: ServerSettings) -> str:
    """What a server does not change while it runs, in words: all that the config sets but the address."""
    values = {name: getattr(settings, name) for name in ServerSettings.model_fields if name not in ("host", "port")}
    return " and ".join(f"no {name}" if value is None else f"{name} {_plain(value)}" for name, value in values.items())


def table(model: type[ServerOptions] = ServerOptions) -> str:
    """The options as a table in Markdown."""
    rows = ["| option | in `deployment` | default | on KServe | meaning |", "|---|---|---|---|---|"]
    for option in options(model):
        variable, pod = option.mark(Variable), option.mark(InPod)
        name = f"`{variable.name}` (environment)" if variable else f"`{option.flag}`"
        key = f"`{option.name}`" if option.from_config else ""
        given = f"`{_plain(pod.value)}`" if pod else ("from the config" if option.from_config else "")
        rows.append(f"| {name} | {key} | {_default(option, model)} | {given} | {_summary(option)} |")
    return "\n".join(rows) + "\n"


def _type(field: FieldInfo) -> type:
    """The type of a field's value where it is set."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not NoneType] or [field.annotation]
    kind = kinds[0]
    if not isinstance(kind, type):
        raise TypeError(f"an option cannot be of type {kind}")
    return kind


def _opens_its_section(option: Option, model: type[ServerOptions]) -> bool:
    """Whether giving it sets the section: the first option of each does, the others only refine it."""
    first = next(each for each in options(model) if each.path[0] == option.path[0])
    return first.path == option.path


def _default(option: Option, model: type[ServerOptions]) -> str:
    if option.field.is_required():
        return "required"
    value = option.field.default
    if len(option.path) > 1:
        return "none" if _opens_its_section(option, model) else f"`{_plain(value)}`"
    return "none" if value is None else "off" if value is False else f"`{_plain(value)}`"


def _help(option: Option, model: type[ServerOptions]) -> str:
    default = _default(option, model).strip("`")
    return _summary(option) + ("" if default in ("required", "off") else f" (default: {default})")


def _words(option: Option, value: Any) -> list[str]:  # noqa: ANN401 - whatever the field holds
    if value is None or value is False or not option.flag:
        return []
    return [option.flag] if value is True else [option.flag, str(value)]


def _plain(value: Any) -> str:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, Section):
        inner = ", ".join(f"{name}: {_plain(getattr(value, name))}" for name in type(value).model_fields)
        return f"{{{inner}}}"
    return f"{value:g}" if isinstance(value, float) else "on" if value is True else str(value)


def _summary(option: Option) -> str:
    """The first sentence of an option's description, in the form that a help text has."""
    words = (option.field.description or "").split(". ")[0].split("; if it is in use")[0].removesuffix(".")
    return words[:1].lower() + words[1:]
