"""The module paths that ZenML, MLflow, Kubeflow and older checkouts have stored: none moves without an alias.

A store keeps where a flavor, materializer, data type, step or loader is found. Whoever moves one of them leaves an
importable name behind (`Old = New` in the old module), or everything written until then is lost. A new one is added
to the list when it is first stored.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from importlib.util import find_spec

import pytest
import yaml
from zenml.materializers.base_materializer import BaseMaterializer

from switchyard.project import ROOT
from switchyard.records import Record

FLAVORS = {
    "stacks.deployers.kserve.flavor.KServeFlavor",
    "stacks.deployers.local.flavor.OipFlavor",
    "stacks.orchestrators.kubeflow.flavor.KubeflowFlavor",
    "stacks.trackers.mlflow.flavor.TrackerFlavor",
}
SERVICES = {
    "stacks.deployers.kserve.service.KServeService",
    "stacks.deployers.kserve.service.KServeServiceConfig",
    "stacks.deployers.local.service.OipService",
    "stacks.deployers.local.service.OipServiceConfig",
}
MATERIALIZERS = {
    "steps.storage.artifacts.DatasetMaterializer",
    "steps.storage.artifacts.OnnxModelMaterializer",
    "steps.storage.artifacts.ReportMaterializer",
    "steps.storage.records.RecordMaterializer",
}
DATA_TYPES = {
    "switchyard.data.dataset.Dataset",
    "switchyard.model.onnx_model.OnnxModel",
    "switchyard.releases.promotion.Promotion",
    "switchyard.releases.result.ReleaseResult",
    "switchyard.releases.version_recipe.VersionRecipe",
    "switchyard.report.Report",
}
STEPS = {
    "steps.deploy.deploy",
    "steps.evaluate.evaluate",
    "steps.index.index",
    "steps.ingest.ingest",
    "steps.preprocess.preprocess",
    "steps.promote.promote",
    "steps.release.release",
    "steps.retire.retire",
    "steps.train.train",
    "steps.validate.validate",
}
PIPELINES = {
    "pipelines.release.release",
    "pipelines.release.retire",
    "pipelines.training.indexing",
    "pipelines.training.training",
}
OTHERS = {
    "stacks.zenml_patches.startup.prepare",  # in the command of every step of a schedule on Kubeflow
    "switchyard.model.pyfunc._load_pyfunc",  # MLflow's loader of a logged model
}
PROGRAMS = {"switchyard.retrain", "switchyard.serving"}  # python -m: of reproduce, and of images and manifests

ADDRESSES = FLAVORS | SERVICES | MATERIALIZERS | DATA_TYPES | STEPS | PIPELINES | OTHERS


@pytest.mark.parametrize("address", sorted(ADDRESSES))
def test_a_stored_address_leads_somewhere(address):
    module, name = address.rsplit(".", 1)

    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_program_can_be_started(program):
    found = find_spec(program)

    assert found is not None
    assert found.submodule_search_locations is None or find_spec(f"{program}.__main__")


def decorated(folder, decorator):
    """The functions below a folder that have this decorator, by address."""
    for path in (ROOT / folder).rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and any(decorator in ast.dump(each) for each in node.decorator_list):
                yield f"{module}.{node.name}"


def test_every_step_and_pipeline_is_listed():
    assert set(decorated("steps", "id='step'")) == STEPS
    assert set(decorated("pipelines", "id='pipeline'")) == PIPELINES


def test_every_flavor_of_a_stack_file_is_listed():
    stacks = [yaml.safe_load(path.read_text()) for path in (ROOT / "stacks").glob("*.yaml")]
    flavors = {part["flavor"] for stack in stacks for part in stack["components"].values()}

    assert {each for each in flavors if each.startswith("stacks.")} == FLAVORS


def test_every_materializer_is_listed():
    for path in (ROOT / "steps" / "storage").glob("*.py"):
        import_module(f"steps.storage.{path.stem}")

    assert {found for found in below(BaseMaterializer) if found.startswith("steps.")} == {
        *MATERIALIZERS,
        "steps.storage.artifacts._Materializer",  # never stored: what three of them share
    }


def below(base):
    for each in base.__subclasses__():
        yield f"{each.__module__}.{each.__qualname__}"
        yield from below(each)


def test_every_record_that_is_saved_as_an_artifact_is_listed():
    import steps.promote
    import steps.release
    import steps.retire  # noqa: F401

    stored = {each for each in DATA_TYPES if each.startswith("switchyard.releases.")}
    annotated = set()
    for path in (ROOT / "steps").rglob("*.py"):
        annotated |= set(re.findall(r"Annotated\[(\w+), \"\{use_case\}", path.read_text()))
        annotated |= set(re.findall(r"= (VersionRecipe)\(", path.read_text()))  # which no step returns

    known = {each.rsplit(".", 1)[1] for each in below(Record)}
    assert {each.rsplit(".", 1)[1] for each in stored} == annotated & known
