"""A pipeline package: the PipelineSpec (IR) and, where there is one, the Kubernetes platform spec."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from dataclasses import dataclass
from typing import Any

import yaml

from rehearsal.kfp.errors import INVALID, ApiError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,126}[a-z0-9])?")


@dataclass(frozen=True)
class Package:
    """What a pipeline version holds and a run executes.

    Attributes:
        pipeline: The PipelineSpec.
        platform: The PlatformSpec, or {}.
    """

    pipeline: dict[str, Any]
    platform: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the pipeline."""
        return str(self.pipeline["pipelineInfo"]["name"])

    def document(self) -> dict[str, Any]:
        """As the API shows it and as `kfp.Client` submits it."""
        if not self.platform:
            return self.pipeline
        return {"pipeline_spec": self.pipeline, "platform_spec": self.platform}

    def component(self, task: dict[str, Any]) -> dict[str, Any]:
        """What a task runs: a container or a DAG."""
        return dict(self.pipeline["components"][task["componentRef"]["name"]])

    def container(self, component: dict[str, Any]) -> dict[str, Any]:
        """The container of a component that is none of a DAG."""
        executor = self.pipeline["deploymentSpec"]["executors"][component["executorLabel"]]
        if "container" not in executor:
            raise ApiError(INVALID, f"executor {component['executorLabel']} has no container")
        return dict(executor["container"])

    def kubernetes(self, component: dict[str, Any]) -> dict[str, Any]:
        """What kfp-kubernetes says of the pod of a component."""
        platform = self.platform.get("platforms", {}).get("kubernetes", {})
        executors = platform.get("deploymentSpec", {}).get("executors", {})
        return dict(executors.get(component.get("executorLabel", ""), {}))


def from_file(name: str, content: bytes) -> Package:
    """Reads an uploaded package: YAML or JSON, alone or the only file of a zip or tar.gz.

    Raises:
        ApiError: It is none.
    """
    try:
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
        elif name.endswith((".tar.gz", ".tgz")):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                member = archive.extractfile(archive.getmembers()[0])
                content = member.read() if member else b""
        documents = [document for document in yaml.safe_load_all(content) if document]
    except (yaml.YAMLError, OSError, IndexError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise _invalid(f"the file is no pipeline package: {error}") from error
    platform = next((document for document in documents if "platforms" in document), {})
    pipelines = [document for document in documents if "platforms" not in document]
    if len(pipelines) != 1:
        raise _invalid(f"the file must contain one pipeline spec, found {len(pipelines)}")
    return _checked(Package(pipelines[0], platform))


def from_document(document: dict[str, Any]) -> Package:
    """Reads a package as a run carries it.

    Raises:
        ApiError: It is none.
    """
    if "pipeline_spec" in document:
        return _checked(Package(document["pipeline_spec"], document.get("platform_spec", {})))
    return _checked(Package(document, {}))


def _checked(package: Package) -> Package:
    pipeline = package.pipeline
    if not isinstance(pipeline, dict) or "pipelineInfo" not in pipeline:
        raise _invalid("unknown template format: pipelineInfo is missing")
    if "dag" not in pipeline.get("root", {}):
        raise _invalid("invalid v2 pipeline spec: root dag is empty")
    if not str(pipeline.get("schemaVersion", "")).startswith("2.1"):
        raise _invalid(f"unsupported schemaVersion {pipeline.get('schemaVersion')!r}")
    if not _NAME.fullmatch(package.name):
        raise _invalid(
            "pipeline's name must contain only lowercase alphanumeric characters or '-' and must start and end with "
            f"alphanumeric characters, found {package.name!r}"
        )
    _check_dag(package, "root", pipeline["root"]["dag"])
    return package


def _check_dag(package: Package, where: str, dag: dict[str, Any]) -> None:
    for name, task in dag.get("tasks", {}).items():
        reference = task.get("componentRef", {}).get("name")
        component = package.pipeline.get("components", {}).get(reference)
        if component is None:
            raise _invalid(f'compiling task "{name}" of {where}: component spec for "{reference}" not found')
        if "dag" in component:
            _check_dag(package, reference, component["dag"])
        elif component.get("executorLabel") not in package.pipeline.get("deploymentSpec", {}).get("executors", {}):
            raise _invalid(f'compiling task "{name}": executor "{component.get("executorLabel")}" not found')


def _invalid(reason: str) -> ApiError:
    return ApiError(INVALID, f"Invalid input error: {reason}")
