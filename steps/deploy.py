"""deploy: the champion goes to the endpoint of the stack."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import step

from steps.registry.rollout import roll_out
from steps.registry.versions import load_version, splits_of
from switchyard.config.recipes import DeployRecipe
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.change import Action
from switchyard.releases.promotion import Promotion
from switchyard.tasks.registry import kind_named


# Never from the cache: the endpoint may have been stopped since; if it serves this version, this takes no time.
@step(enable_cache=False)
def deploy(
    models: list[OnnxModel], splits: Dataset, promotion: Promotion, recipe: DeployRecipe
) -> Annotated[dict[str, Any], "{use_case}_endpoint"]:
    """Rolls out the version that was decided on, and asks it for the golden rows before it takes over.

    Only then does the stage `production` move. If the champion was kept, it is the version that is in production now:
    nothing happens if it is being served, and it comes back if not.

    Args:
        models: One a candidate.
        splits: The dataset whose part `test` gives the golden rows.
        promotion: Which candidate was promoted as which version, or which version stays.
        recipe: Where it is to answer, and what it must do first.

    Returns:
        The endpoint: its URL, the version that answers, and what was noticed on the way.

    Raises:
        SwitchyardError: The stack has no deployer for ONNX models, or the version did not come up; the
            old version keeps serving.
    """
    use_case, version = promotion.use_case, promotion.production
    assert version is not None, "a candidate without a champion before it is promoted or fails the run"
    if version == promotion.version:
        model = next(model for model in models if model.metadata["candidate"] == promotion.candidate)
    else:
        recipe = recipe.of_an_earlier_run()
        model = load_version(use_case, version)
        splits = _with_columns(model, splits, splits_of(use_case, version))
    golden = kind_named(recipe.kind).serving().golden(model, splits.scan("test"), recipe)
    reason = f"{promotion.verdict}: {promotion.reason}"
    action: Action = "indexing" if "base" in model.metadata else "training"
    endpoint, _ = roll_out(use_case, version, model, golden, recipe.deployment, action, reason)
    return endpoint.to_dict()


def _with_columns(model: OnnxModel, splits: Dataset, own: Dataset | None) -> Dataset:
    """Today's rows, or those of the champion's own time if it reads a column that is gone today."""
    wanted = {spec["name"] for spec in model.metadata["inputs"]}
    for each in (splits, own):
        if each and wanted <= set(each.scan("test").collect_schema().names()):
            return each
    raise SwitchyardError(
        f"{model.metadata['name']}: the champion stays, but there are no rows to smoke-test it with: it reads columns "
        "that today's data lacks, and the rows of its own time are gone; --set champion.too_close=promote replaces it"
    )
