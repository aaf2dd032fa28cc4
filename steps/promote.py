"""promote: the gates, then the champion, decide whether the best candidate takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from zenml import save_artifact, step

from steps.artifacts import ReportMaterializer
from steps.lineage import lineage_of_run
from steps.registry import (
    load_version,
    production_version,
    promote_version,
    record_verdict,
    register_version,
    rows_seen_by,
)
from steps.tracking import (
    log_cached_evaluation,
    log_page,
    promote_in_mlflow,
    record_verdict_in_mlflow,
    register_in_mlflow,
)
from steps.version_record import keep_card, keep_with_version, remember_recipe
from switchyard.config import Champion, Data, Metrics, Task
from switchyard.data.dataset import Dataset
from switchyard.errors import GateError, SwitchyardError
from switchyard.evaluation.gates import GateResult, sentence
from switchyard.models.onnx_model import OnnxModel
from switchyard.report import Report

if TYPE_CHECKING:
    from switchyard.evaluation.comparison import Comparison


# Never from the cache: what is in production may have changed since, and both registries are asked anew.
@step(enable_cache=False)
def promote(
    models: list[OnnxModel],
    splits: Dataset,
    evaluation: Report,
    data: Data,
    task: Task,
    metrics: Metrics,
    champion: Champion,
    seed: int,
    use_case: str,
) -> Annotated[dict[str, Any], "{use_case}_promotion"]:
    """Registers the best candidate, and makes it the champion if it passes every gate and is the better one.

    Args:
        models: One a candidate.
        splits: The dataset whose part `test` both the champion and the challenger answer.
        evaluation: Names the best one and what each gate measured.
        data: Which column is the target.
        task: Classification or regression.
        metrics: What is compared.
        champion: How sure the difference must be, and what follows.
        seed: Of the resamples.
        use_case: The registered model's name.

    Returns:
        The version, the candidate, the gates, the comparison, the verdict with its reason, and which version is in
        production now.

    Raises:
        GateError: A gate failed, or the champion is better and the config wants that to fail; the version is
            registered but not promoted.
    """
    from switchyard.evaluation.promotion import PROMOTED, REFUSED, decide

    log_cached_evaluation(evaluation)
    best = next(model for model in models if model.card["candidate"] == evaluation.facts["best"])
    version = register_version(use_case, best, splits)
    remember_recipe(use_case, version, best, splits, lineage_of_run(evaluation, production_version(use_case)))
    register_in_mlflow(use_case, version, best)
    before = production_version(use_case)
    gates = [GateResult(**gate) for gate in evaluation.facts["gates"]]
    promotion = {"use_case": use_case, "version": version, "candidate": best.card["candidate"]}
    promotion |= {"sha256": best.card["sha256"], "gates": evaluation.facts["gates"]}
    promotion |= {"champion": before, "production": before, "comparison": None}
    if not all(gate.passed for gate in gates):
        _refuse(promotion, evaluation, sentence(gates, _consequence(use_case, version, before)))

    comparison = None
    if before is not None and before != version:
        comparison = _compared(use_case, before, best, splits, data, task, metrics, champion, seed)
        promotion["comparison"] = comparison.as_dict()
    decided = decide(len(gates), version, before, comparison, champion)
    if decided.verdict == REFUSED:
        _refuse(promotion, evaluation, decided.reason)
    is_champion = decided.verdict == PROMOTED or before == version
    promotion |= {
        "verdict": decided.verdict,
        "reason": decided.reason,
        "production": version if is_champion else before,
    }
    _record(promotion, evaluation)
    if is_champion:  # again if it is already: a run that died may have left it half done
        promote_version(use_case, version)
        promote_in_mlflow(use_case, version)
    return promotion


def _compared(
    use_case: str,
    before: int,
    best: OnnxModel,
    splits: Dataset,
    data: Data,
    task: Task,
    metrics: Metrics,
    champion: Champion,
    seed: int,
) -> Comparison:
    """The best candidate against the version in production, on today's test rows."""
    from switchyard.evaluation.comparison import compare, incomparable

    try:
        model = load_version(use_case, before)
    except SwitchyardError as error:
        return incomparable(str(error), best, metrics.primary, champion)
    return compare(
        model,
        best,
        splits.scan("test"),
        seen=rows_seen_by(use_case, before),
        data=data,
        task=task,
        primary=metrics.primary,
        settings=champion,
        seed=seed,
    )


def _consequence(use_case: str, version: int, before: int | None) -> str:
    if before == version:
        return f"{use_case} version {version}, promoted by an earlier run, stays; this run deploys nothing"
    return f"{use_case} version {version} is registered but not promoted, nothing is deployed"


def _refuse(promotion: dict[str, Any], evaluation: Report, reason: str) -> NoReturn:
    """Ends the run; what was found until then is kept."""
    promotion |= {"verdict": "refused", "reason": reason}
    _record(promotion, evaluation)
    save_artifact(promotion, f"{promotion['use_case']}_promotion")
    raise GateError(reason)


def _record(promotion: dict[str, Any], evaluation: Report) -> None:
    """At the top of the page, and beside the version in both registries: there a champion keeps what made it one."""
    from switchyard.evaluation.report import with_verdict

    use_case = promotion["use_case"]
    lineage = lineage_of_run(evaluation, promotion["champion"])
    facts = {**evaluation.facts, "promotion": promotion, "lineage": lineage}
    page = Report(facts=facts, html=with_verdict(evaluation.html, promotion, lineage))
    kept = save_artifact(page, f"{use_case}_verdict", materializer=ReportMaterializer)
    keep_with_version(use_case, promotion["version"], kept)
    log_page(page)
    if promotion["version"] != promotion["champion"]:
        record_verdict(use_case, promotion["version"], promotion)
        record_verdict_in_mlflow(promotion)
    keep_card(promotion, evaluation)
