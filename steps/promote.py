"""promote: the gates decide whether the best candidate becomes the champion."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import save_artifact, step

from steps.registry import in_production, promote_version, register_version
from steps.tracking import log_cached_evaluation, promote_in_mlflow, register_in_mlflow
from switchyard.errors import GateError
from switchyard.evaluation.gates import GateResult, sentence
from switchyard.models.onnx_model import OnnxModel
from switchyard.report import Report


# Never from the cache: what is in production may have changed since, and both registries are asked anew.
@step(enable_cache=False)
def promote(
    models: list[OnnxModel], evaluation: Report, use_case: str
) -> Annotated[dict[str, Any], "{use_case}_promotion"]:
    """Registers the best candidate, and makes it the champion if every gate is passed.

    Args:
        models: One a candidate.
        evaluation: Names the best one and what each gate measured.
        use_case: The registered model's name.

    Returns:
        The version, the candidate, the gates and the verdict with its reason.

    Raises:
        GateError: A gate failed; the version is registered but not promoted.
    """
    log_cached_evaluation(evaluation)
    best = next(model for model in models if model.card["candidate"] == evaluation.facts["best"])
    version = register_version(use_case, best)
    register_in_mlflow(use_case, version, best)
    gates = [GateResult(**gate) for gate in evaluation.facts["gates"]]
    promotion = {"use_case": use_case, "version": version, "candidate": best.card["candidate"]}
    promotion |= {"sha256": best.card["sha256"], "gates": evaluation.facts["gates"]}

    # Champion against challenger takes its place here: the verdict is then more than the gates.
    if all(gate.passed for gate in gates):
        promote_version(use_case, version)
        promote_in_mlflow(use_case, version)
        return promotion | {"verdict": "promoted", "reason": f"all {len(gates)} gates passed"}

    consequence = f"{use_case} version {version} is registered but not promoted, nothing is deployed"
    if in_production(use_case, version):
        consequence = f"{use_case} version {version}, promoted by an earlier run, stays; this run deploys nothing"
    reason = sentence(gates, consequence)
    save_artifact(promotion | {"verdict": "refused", "reason": reason}, f"{use_case}_promotion")
    raise GateError(reason)
