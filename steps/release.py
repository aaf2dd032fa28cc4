"""release: a version that a person has chosen goes to the endpoint of the stack."""

from __future__ import annotations

from typing import Annotated

from zenml import get_step_context, step

from steps.registry.reconcile import reconcile
from steps.registry.rollout import roll_out
from steps.registry.versions import latest_splits, load_version, splits_of
from steps.storage.records import RecordMaterializer
from switchyard.config.recipes import ReleaseRecipe
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.result import ReleaseResult
from switchyard.tasks.registry import kind_named


@step(enable_cache=False, output_materializers=RecordMaterializer)
def release(recipe: ReleaseRecipe) -> Annotated[ReleaseResult, "{use_case}_release"]:
    """Rolls a registered version out as a training run does: golden rows and expectations first, then the switch.

    Args:
        recipe: Which version, why, where it is to answer, and what it must do first.

    Returns:
        The version, the endpoint, and what an earlier run had left undone.

    Raises:
        SwitchyardError: The ONNX file or the rows for its smoke test are gone, or it did not come up; the old version
            keeps serving.
    """
    use_case, version, rollout = recipe.rollout.use_case, recipe.version, recipe.rollout
    repaired = reconcile(use_case)
    model = load_version(use_case, version)
    test = _rows(use_case, version, model).scan("test")
    golden = kind_named(rollout.kind).serving().golden(model, test, rollout)
    endpoint, more = roll_out(use_case, version, model, golden, rollout.deployment, recipe.action, recipe.reason)
    run = get_step_context().pipeline_run.name
    return ReleaseResult(use_case=use_case, run=run, version=version, endpoint=endpoint, repaired=(*repaired, *more))


def _rows(use_case: str, version: int, model: OnnxModel) -> Dataset:
    """Those of the version's own time, or today's if they are gone."""
    wanted = {spec["name"] for spec in model.metadata["inputs"]}
    for each in (splits_of(use_case, version), latest_splits(use_case)):
        if each and wanted <= set(each.scan("test").collect_schema().names()):
            return each
    raise SwitchyardError(
        f"{use_case} version {version} cannot be released: the rows that it would be smoke-tested with are gone; "
        "a training run on data with its columns makes new ones"
    )
