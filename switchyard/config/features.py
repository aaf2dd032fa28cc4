"""Which columns the model sees, and how: as numbers or as categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from switchyard.config.sections import Contract, Data, Features
from switchyard.errors import InputError

NUMERIC_TYPES = ("integer", "number", "boolean")
Kind = Literal["numeric", "categorical"]
OUTPUTS = ("label", "probabilities", "prediction")


@dataclass(frozen=True)
class Feature:
    """One raw column as an input of the model.

    Attributes:
        name: The column, and the graph's input.
        kind: `numeric` is used as a value, `categorical` is one-hot encoded.
        datatype: The OIP datatype of the input: `FP32` (numbers and booleans) or `BYTES` (text).
    """

    name: str
    kind: Kind
    datatype: Literal["FP32", "BYTES"]


def resolve(features: Features, contract: Contract, data: Data) -> tuple[Feature, ...]:
    """The features of a config, in the order of the contract's columns.

    Without names in `features`, numbers and booleans are numeric, text is categorical and
    datetimes are left out. Target, id, time, group and `features.exclude` never take part.

    Raises:
        InputError: A column is unknown, reserved, of an unusable type, or named twice; or none is left.
    """
    _check_names(features, contract, data)
    resolved = []
    for name, kind in feature_kinds(features, contract, data).items():
        _check_name(name)
        resolved.append(Feature(name, kind, "BYTES" if contract.columns[name].type == "string" else "FP32"))
    if not resolved:
        raise InputError(
            "features leaves no column for the model to learn from: name some under features.numeric or "
            "features.categorical, or exclude fewer"
        )
    return tuple(resolved)


def feature_kinds(features: Features, contract: Contract, data: Data) -> dict[str, Kind]:
    """By column that the model sees, in the order of the contract, how; the rule of `resolve` without its checks."""
    reserved = {data.target, data.id, data.time, data.group, *features.exclude}
    kinds = {name: _kind(name, column.type, features) for name, column in contract.columns.items()}
    return {name: kind for name, kind in kinds.items() if kind is not None and name not in reserved}


def _check_name(name: str) -> None:
    if name in OUTPUTS:
        raise InputError(
            f"contract.columns has a feature {name!r}, which is the name of an output of the model "
            f"({', '.join(OUTPUTS)}): rename the column, or name it under features.exclude"
        )


def _kind(name: str, column_type: str, features: Features) -> Kind | None:
    if name in (features.numeric or ()):
        return "numeric"
    if name in (features.categorical or ()):
        return "categorical"
    if features.numeric is None and column_type in NUMERIC_TYPES:
        return "numeric"
    if features.categorical is None and column_type == "string":
        return "categorical"
    return None


def _check_names(features: Features, contract: Contract, data: Data) -> None:
    numeric, categorical = features.numeric or (), features.categorical or ()
    for key, names in (("numeric", numeric), ("categorical", categorical), ("exclude", features.exclude)):
        _check_known(f"features.{key}", names, contract)
    for key, names in (("numeric", numeric), ("categorical", categorical)):
        for name in names:
            _check_usable(f"features.{key}", name, contract, data)
            if name in features.exclude:
                raise InputError(f"features.{key} and features.exclude both name {name!r}: keep it in one of the two")
    for name in numeric:
        if name in categorical:
            raise InputError(f"features.numeric and features.categorical both name {name!r}: keep it in one of the two")
        if contract.columns[name].type == "string":
            raise InputError(
                f"features.numeric names {name!r}, which the contract says is a string: move it to features.categorical"
            )


def _check_known(key: str, names: tuple[str, ...], contract: Contract) -> None:
    for name in names:
        if name not in contract.columns:
            raise InputError(f"{key} names {name!r}, which is not in contract.columns: {', '.join(contract.columns)}")


def _check_usable(key: str, name: str, contract: Contract, data: Data) -> None:
    for role in ("target", "id", "time", "group"):
        if getattr(data, role) == name:
            raise InputError(f"{key} names {name!r}, which is data.{role}: take it out of {key}")
    if contract.columns[name].type == "datetime":
        raise InputError(
            f"{key} names {name!r}, a datetime, which no candidate can use: take it out, or derive a number from it"
        )
