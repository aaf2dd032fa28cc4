"""release: a version that a person has chosen goes to the endpoint of the stack."""

from __future__ import annotations

from typing import Annotated

from zenml import get_step_context, step

from steps.registry.reconcile import reconcile
from steps.registry.rollout import roll_out
from steps.registry.versions import latest_splits, load_version, splits_of
from steps.storage.records import RecordMaterializer
from switchyard.config.images import ImageData
from switchyard.config.sections import Data, Deployment, Expectations
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.change import Action
from switchyard.releases.result import ReleaseResult
from switchyard.tasks.serving import serving


@step(enable_cache=False, output_materializers=RecordMaterializer)
def release(
    use_case: str,
    version: int,
    action: Action,
    reason: str,
    data: Data | ImageData,
    task: str,
    expectations: Expectations,
    seed: int,
    deployment: Deployment,
) -> Annotated[ReleaseResult, "{use_case}_release"]:
    """Rolls a registered version out as a training run does: golden rows and expectations first, then the switch.

    Args:
        use_case: The registered model's name.
        version: Its number.
        action: `release` or `rollback`.
        reason: Why.
        data: Which column is the target.
        task: Says what kind of data it is.
        expectations: What the endpoint must do; those about columns that the version does not read are left out.
        seed: Of the rows that it is asked about.
        deployment: Where it is to answer.

    Returns:
        The version, the endpoint, and what an earlier run had left undone.

    Raises:
        SwitchyardError: The ONNX file or the rows for its smoke test are gone, or it did not come up; the old version
            keeps serving.
    """
    repaired = reconcile(use_case)
    model = load_version(use_case, version)
    test = _rows(use_case, version, model).scan("test")
    golden = serving(task).golden(
        model, test, data=data, expectations=expectations, count=deployment.golden_rows, seed=seed
    )
    endpoint, more = roll_out(use_case, version, model, golden, deployment, action, reason)
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
