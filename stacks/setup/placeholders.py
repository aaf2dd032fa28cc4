"""`${VARIABLES}` of a stack file: what each is for, and the file with their values in their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, SecretStr

from switchyard.config.sections import Section
from switchyard.errors import InputError

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_REFERENCE = re.compile(r"\{\{\s*([^\s.]+)\.(\S+?)\s*\}\}")
_BY_NAME = "authentication_secret"  # the setting of ZenML's flavors that takes a secret's name
_PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")


class Variable(Section):
    """What a variable is for; one without a default must be given.

    Attributes:
        purpose: What it is for, in a few words.
        example: A value as it could be.
        default: Its value when neither the environment nor `.env` has one; the settings of an empty one are left out.
    """

    purpose: str = Field(min_length=1)
    example: str = Field(min_length=1)
    default: str | None = None


@dataclass(frozen=True)
class Resolved:
    """A stack file's settings and secrets with their values."""

    configs: dict[str, dict[str, Any]]
    secrets: dict[str, dict[str, SecretStr]]


def resolve(
    file: str,
    variables: Mapping[str, Variable],
    secrets: Mapping[str, Mapping[str, str]],
    configs: Mapping[str, dict[str, Any]],
    environment: Mapping[str, str],
) -> Resolved:
    """Puts values into their places.

    A setting whose value comes out empty is left out. A secret whose values are all empty is left out, and with it the
    settings that refer to it.

    Args:
        file: The stack file's name, for errors.
        variables: What it says of each variable.
        secrets: By name, the values, which consist of variables.
        configs: The settings of each component.
        environment: Where values come from.

    Raises:
        InputError: A variable is unknown or has no value; a secret is half given or stands in a setting; one line each.
    """
    _check_names(file, variables, secrets, configs)
    values = _values(file, variables, environment)
    _check_secrets(file, secrets, values)
    _check_urls(file, configs, values)
    given = {name: _secret(keys, values) for name, keys in secrets.items() if any(_secret(keys, values).values())}
    dropped = set(secrets) - set(given)
    filled = {kind: _fill(config, values, dropped) or {} for kind, config in configs.items()}
    hidden = {name: {key: SecretStr(text) for key, text in keys.items()} for name, keys in given.items()}
    return Resolved(filled, hidden)


def used(value: object) -> Iterator[str]:
    """The variables in a setting, however deep."""
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from used(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from used(each)


def _check_names(
    file: str,
    variables: Mapping[str, Variable],
    secrets: Mapping[str, Mapping[str, str]],
    configs: Mapping[str, dict[str, Any]],
) -> None:
    unknown = [name for name in dict.fromkeys([*used(secrets), *used(configs)]) if name not in variables]
    shown = [name for name in dict.fromkeys(used(configs)) if name in set(used(secrets))]
    written = [f"{name}.{key}" for name, keys in secrets.items() for key, text in keys.items() if not [*used(text)]]
    problems = [
        *(f"{file}: ${{{name}}} is not described; add it under variables" for name in unknown),
        *(
            f"{file}: ${{{name}}} is a secret and stands in a component; write {{{{secret.key}}}} there"
            for name in shown
        ),
        *(
            f"{file}: secrets.{key} is written out; put a ${{VARIABLE}} there and its value into .env"
            for key in written
        ),
    ]
    if problems:
        raise InputError("\n".join(problems))


def _values(file: str, variables: Mapping[str, Variable], environment: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    missing: list[str] = []
    for name, variable in variables.items():
        value = environment.get(name) or variable.default
        if value is None:
            missing.append(
                f"{file} needs {name}: {variable.purpose}, such as {variable.example}; "
                f"write {name}=... into .env in the project's folder, or set it in the environment"
            )
        values[name] = value or ""
    if missing:
        raise InputError("\n".join(missing))
    return values


def _check_secrets(file: str, secrets: Mapping[str, Mapping[str, str]], values: Mapping[str, str]) -> None:
    """Half of a pair of keys opens nothing, and ZenML's own error would print the other half."""
    problems = []
    for name, keys in secrets.items():
        filled = _secret(keys, values)
        if any(filled.values()) and not all(filled.values()):
            empty = dict.fromkeys(each for key, text in filled.items() if not text for each in used(keys[key]))
            others = dict.fromkeys(each for key, text in filled.items() if text for each in used(keys[key]))
            problems.append(
                f"{file}: {', '.join(others)} is given without {', '.join(empty)}; "
                f"the secret {name} needs all of them, or none"
            )
    if problems:
        raise InputError("\n".join(problems))


def _check_urls(file: str, configs: Mapping[str, dict[str, Any]], values: Mapping[str, str]) -> None:
    """A URL is shown in messages and stands in specs, so it is no place for a password."""
    for name in dict.fromkeys(used(configs)):
        if _PASSWORD_IN_URL.search(values[name]):
            raise InputError(
                f"{file}: {name} has a password in its URL; use the variables for user and password instead"
            )


def _secret(keys: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    return {key: _text(text, values) for key, text in keys.items()}


def _text(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _fill(value: Any, values: Mapping[str, str], dropped: set[str]) -> Any:  # noqa: ANN401 - a YAML value
    """The value with variables replaced, or None where nothing is left of it."""
    if isinstance(value, str):
        return _fill_text(value, values, dropped)
    if isinstance(value, dict):
        filled = {key: _fill(each, values, dropped) for key, each in value.items()}
        kept = {key: each for key, each in filled.items() if each is not None and not _names_secret(key, each, dropped)}
        return kept if kept or not value else None
    if isinstance(value, list):
        kept_items = [each for each in (_fill(item, values, dropped) for item in value) if each is not None]
        return kept_items if kept_items or not value else None
    return value


def _fill_text(text: str, values: Mapping[str, str], dropped: set[str]) -> str | None:
    if any(name in dropped for name, _ in _REFERENCE.findall(text)):
        return None
    return _text(text, values) or (None if _PLACEHOLDER.search(text) else text)


def _names_secret(key: str, value: object, dropped: set[str]) -> bool:
    return key == _BY_NAME and value in dropped
