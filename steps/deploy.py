"""deploy: the champion goes to the endpoint of the stack."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import step
from zenml.client import Client

from steps.registry import load_version, splits_of
from switchyard.config import Data, Deployment, Expectations
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.models.onnx_model import OnnxModel
from switchyard.serving.deployer import Deployer


# Never from the cache: the endpoint may have been stopped since; if it serves this version, this takes no time.
@step(enable_cache=False)
def deploy(
    models: list[OnnxModel],
    splits: Dataset,
    promotion: dict[str, Any],
    data: Data,
    expectations: Expectations,
    seed: int,
    deployment: Deployment,
) -> Annotated[dict[str, Any], "{use_case}_endpoint"]:
    """Rolls out the version that is in production now, and asks it for the golden rows before it takes over.

    If the champion was kept, that is the champion: nothing happens if it is being served, and it comes back if not.

    Args:
        models: One a candidate.
        splits: The dataset whose part `test` gives the golden rows.
        promotion: Which candidate was promoted as which version, or which version stays.
        data: Which column is the target.
        expectations: What the endpoint of a version of this run must do; a champion of an earlier run had its own.
        seed: Of the rows that it is asked about.
        deployment: Where it is to answer.

    Returns:
        The endpoint: its URL, the version that answers, and what was noticed on the way.

    Raises:
        SwitchyardError: The stack has no deployer for ONNX models, or the version did not come up; the
            old version keeps serving.
    """
    from switchyard.serving.expectations import expected_answers, rows_of
    from switchyard.serving.golden import golden_rows

    deployer = Client().active_stack.model_deployer
    if not isinstance(deployer, Deployer):
        found = f"{type(deployer).__name__}" if deployer else "none"
        raise SwitchyardError(
            f"stack {Client().active_stack.name}: its model deployer must be one that serves ONNX models, "
            f"found {found}; apply a stack file with --stack"
        )
    use_case, version = promotion["use_case"], promotion["production"]
    expected: list[dict[str, Any]] = []
    if version == promotion["version"]:
        model = next(model for model in models if model.card["candidate"] == promotion["candidate"])
        tested = rows_of(splits.scan("test"), model, data.target)
        expected = expected_answers(model, tested, expectations, seed=seed)
    else:
        model = load_version(use_case, version)
        splits = _with_columns(model, splits, splits_of(use_case, version))
    golden = golden_rows(model, splits.scan("test").collect(), deployment.golden_rows, expected)
    return deployer.roll_out(use_case, version, model, golden, deployment).to_dict()


def _with_columns(model: OnnxModel, splits: Dataset, own: Dataset | None) -> Dataset:
    """Today's rows, or those of the champion's own time if it reads a column that is gone today."""
    wanted = {spec["name"] for spec in model.card["inputs"]}
    for each in (splits, own):
        if each and wanted <= set(each.scan("test").collect_schema().names()):
            return each
    raise SwitchyardError(
        f"{model.card['name']}: the champion stays, but there are no rows to smoke-test it with: it reads columns that "
        "today's data lacks, and the rows of its own time are gone; --set champion.too_close=promote replaces it"
    )
