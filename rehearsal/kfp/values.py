"""What flows through a run: parameters of tasks, placeholders of containers, conditions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class DriverError(Exception):
    """What Kubeflow's driver would fail with, before a pod of the task exists."""


class NullParameterError(DriverError):
    """An optional input without a value; what would use it is left out."""


@dataclass(frozen=True)
class Placeholders:
    """What the driver puts in the place of `{{$.pipeline_…}}`; unique to a run.

    Attributes:
        job_name: The run's display name.
        job_resource_name: The name of the workflow.
        job_id: The run's id.
    """

    job_name: str
    job_resource_name: str
    job_id: str

    def resolve(self, value: Any, task: str, scope_id: str) -> Any:
        """Resolves a constant. As in Kubeflow's driver only a value that is nothing but a placeholder is one."""
        known = {
            "{{$.pipeline_job_name}}": self.job_name,
            "{{$.pipeline_job_resource_name}}": self.job_resource_name,
            "{{$.pipeline_job_uuid}}": self.job_id,
            "{{$.pipeline_task_name}}": task,
            "{{$.pipeline_task_uuid}}": scope_id,
        }
        return known.get(value, value) if isinstance(value, str) else value


@dataclass
class Scope:
    """One execution of a DAG.

    Attributes:
        id: Of the node, for placeholders.
        inputs: The DAG's own input parameters.
        outputs: Output parameters of its finished tasks.
        statuses: What an exit task may ask about its finished tasks.
    """

    id: str
    inputs: dict[str, Any]
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)

    def resolve(self, source: dict[str, Any], task: str, placeholders: Placeholders) -> Any:
        """The value of one input parameter.

        Args:
            source: Where the spec says it comes from.
            task: The task that gets it.
            placeholders: Of the run.

        Raises:
            NullParameterError: There is no value.
            DriverError: The source is none that is known.
        """
        if "runtimeValue" in source:
            return placeholders.resolve(source["runtimeValue"].get("constant"), task, self.id)
        if "componentInputParameter" in source:
            name = source["componentInputParameter"]
            if name not in self.inputs:
                raise NullParameterError(f"parent DAG does not have input parameter {name}")
            return self.inputs[name]
        if "taskOutputParameter" in source:
            wanted = source["taskOutputParameter"]
            found = self.outputs.get(wanted["producerTask"], {})
            if wanted["outputParameterKey"] not in found:
                raise DriverError(
                    f"cannot find output parameter {wanted['outputParameterKey']} of task {wanted['producerTask']}"
                )
            return found[wanted["outputParameterKey"]]
        if "taskFinalStatus" in source:
            return self.statuses[source["taskFinalStatus"]["producerTask"]]
        raise DriverError(f"parameter spec of type {next(iter(source), None)} not implemented")


def inputs_of(
    task: str, spec: dict[str, Any], component: dict[str, Any], scope: Scope, placeholders: Placeholders
) -> dict[str, Any]:
    """All input parameters of a task, defaults of the component included.

    Raises:
        DriverError: One that is needed has no value.
    """
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    values = {name: value["defaultValue"] for name, value in declared.items() if "defaultValue" in value}
    for name, source in spec.get("inputs", {}).get("parameters", {}).items():
        try:
            values[name] = _typed(scope.resolve(source, task, placeholders), declared.get(name, {}))
        except NullParameterError:
            continue
    for name, value in values.items():
        values[name] = _with_inputs(value, values)
    missing = [name for name, value in declared.items() if name not in values and not value.get("isOptional")]
    if missing:
        raise DriverError(f"failed to resolve inputs of task {task}: input parameter {missing[0]} has no value")
    return values


def _with_inputs(value: Any, values: dict[str, Any]) -> Any:
    """Fills in what the compiler leaves of an f-string: text in which other inputs of the task are named."""
    if not isinstance(value, str) or "{{$.inputs.parameters[" not in value:
        return value
    for name, given in values.items():
        value = value.replace(f"{{{{$.inputs.parameters['{name}']}}}}", _text(given))
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _typed(value: Any, declared: dict[str, Any]) -> Any:
    """A Value has doubles only; a parameter that is an integer is written as one."""
    if declared.get("parameterType") == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def parsed_output(text: str, declared: dict[str, Any]) -> Any:
    """Reads an output parameter from its file's text.

    Raises:
        DriverError: The text is none of the declared type.
    """
    kind = declared.get("parameterType", "STRING")
    try:
        if kind == "NUMBER_INTEGER":
            return int(text)
        if kind == "NUMBER_DOUBLE":
            return float(text)
        return json.loads(text) if kind in ("BOOLEAN", "LIST", "STRUCT") else text
    except ValueError as error:
        raise DriverError(f"failed to parse {text!r} as {kind}") from error


def executor_input(inputs: dict[str, Any], outputs: Iterable[str], folder: str, metadata: str) -> dict[str, Any]:
    """What the driver hands to the launcher.

    Args:
        inputs: Input parameters.
        outputs: The names of the output parameters.
        folder: Where the container writes them, a file each.
        metadata: The file in which a Python component writes all of them.
    """
    return {
        "inputs": {"parameterValues": inputs},
        "outputs": {
            "parameters": {name: {"outputFile": f"{folder}/{name}"} for name in outputs},
            "outputFile": metadata,
        },
    }


_PLACEHOLDER = re.compile(r"\{\{\$(?:\.[^}]*)?\}\}")


def substitute(words: list[Any], executor_input: dict[str, Any]) -> list[str]:
    """Fills the placeholders of a command line in, as Kubeflow's launcher does; those that it does not know stay.

    Args:
        words: Command or arguments.
        executor_input: What the driver hands to the launcher.
    """
    known = {"{{$}}": json.dumps(executor_input)}
    for name, value in executor_input["inputs"].get("parameterValues", {}).items():
        known[f"{{{{$.inputs.parameters['{name}']}}}}"] = _text(value)
    for name, value in executor_input["outputs"].get("parameters", {}).items():
        known[f"{{{{$.outputs.parameters['{name}'].output_file}}}}"] = value["outputFile"]
    known["{{$.outputs.output_file}}"] = known["{{$.outputMetadataUri}}"] = executor_input["outputs"]["outputFile"]
    return [
        _PLACEHOLDER.sub(lambda found: known.get(found[0], found[0]), word)
        for word in _flattened(words, executor_input)
    ]


def _flattened(words: list[Any], executor_input: dict[str, Any]) -> list[str]:
    """Resolves `{"IfPresent": …}` and `{"Concat": […]}`, which the compiler writes as JSON text."""
    flat: list[str] = []
    for word in words:
        structure = _structure(word)
        if structure is None:
            flat.append(str(word))
        elif "Concat" in structure:
            flat.append("".join(_flattened(structure["Concat"], executor_input)))
        else:
            given = structure["IfPresent"]
            present = given["InputName"] in executor_input["inputs"].get("parameterValues", {})
            chosen = given.get("Then" if present else "Else", [])
            flat += _flattened(chosen if isinstance(chosen, list) else [chosen], executor_input)
    return flat


def _structure(word: Any) -> dict[str, Any] | None:
    if isinstance(word, str) and word.startswith(('{"IfPresent"', '{"Concat"')):
        word = json.loads(word)
    return word if isinstance(word, dict) and ("IfPresent" in word or "Concat" in word) else None


def condition_holds(condition: str, inputs: dict[str, Any]) -> bool:
    """Evaluates a trigger condition: the small part of CEL that the compiler of kfp writes.

    Raises:
        DriverError: It is more than that.
    """
    text = condition.replace("&&", " and ").replace("||", " or ")
    text = re.sub(r"!(?!=)", " not ", text)
    text = re.sub(r"\btrue\b", "True", re.sub(r"\bfalse\b", "False", text))
    try:
        return bool(_evaluate(ast.parse(text.strip(), mode="eval").body, inputs))
    except (SyntaxError, KeyError, TypeError, ValueError) as error:
        raise DriverError(f"failed to evaluate condition {condition!r}: {error}") from error


_CASTS = {"int": int, "double": float, "string": str, "bool": bool}
_COMPARE = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def _evaluate(node: ast.expr, inputs: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_evaluate(value, inputs) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_evaluate(value, inputs) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, inputs)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, inputs)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _COMPARE[type(operator)](_evaluate(left, inputs), _evaluate(right, inputs))
        case ast.Call(func=ast.Name(id=cast), args=[argument]):
            return _CASTS[cast](_evaluate(argument, inputs))
        case ast.Subscript(value=ast.Attribute(attr="parameter_values"), slice=ast.Constant(value=name)):
            return inputs[str(name)]
    raise ValueError(f"{ast.dump(node)} is not known")
