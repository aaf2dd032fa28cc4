"""deploy: the champion goes to the endpoint of the stack."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import step
from zenml.client import Client

from switchyard.config import Deployment
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.models.onnx_model import OnnxModel
from switchyard.serving.deployer import Deployer


# Never from the cache: the endpoint may have been stopped since; if it serves this version, this takes no time.
@step(enable_cache=False)
def deploy(
    models: list[OnnxModel], splits: Dataset, promotion: dict[str, Any], deployment: Deployment
) -> Annotated[dict[str, Any], "{use_case}_endpoint"]:
    """Rolls the promoted version out and asks it for the golden rows before it takes over.

    Args:
        models: One a candidate.
        splits: The dataset whose part `test` gives the golden rows.
        promotion: Which candidate was promoted, as which version.
        deployment: Where it is to answer.

    Returns:
        The endpoint: its URL, the version that answers, and what was noticed on the way.

    Raises:
        SwitchyardError: The stack has no deployer for ONNX models, or the version did not come up; the
            old version keeps serving.
    """
    from switchyard.serving.golden import golden_rows

    deployer = Client().active_stack.model_deployer
    if not isinstance(deployer, Deployer):
        found = f"{type(deployer).__name__}" if deployer else "none"
        raise SwitchyardError(
            f"stack {Client().active_stack.name}: its model deployer must be one that serves ONNX models, "
            f"found {found}; apply a stack file with --stack"
        )
    model = next(model for model in models if model.card["candidate"] == promotion["candidate"])
    golden = golden_rows(model, splits.scan("test").collect(), deployment.golden_rows)
    endpoint = deployer.roll_out(promotion["use_case"], promotion["version"], model, golden, deployment)
    return endpoint.to_dict()
