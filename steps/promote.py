"""promote: the gates, then the champion, decide whether the best candidate takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

from zenml import save_artifact, step

from steps.registry.alias_sync import sync_aliases
from steps.registry.lineage import lineage_of_run
from steps.registry.reconcile import reconcile
from steps.registry.release_log import changes_of
from steps.registry.version_record import keep_card, keep_with_version, remember_recipe
from steps.registry.versions import (
    load_version,
    production_version,
    record_lineage,
    record_verdict,
    register_version,
    training_rows_of,
    versions_of,
)
from steps.storage.artifacts import ReportMaterializer
from steps.storage.records import RecordMaterializer
from steps.support.tracking import log_cached_evaluation, log_page, record_verdict_in_mlflow, register_in_mlflow
from switchyard.config.recipes import PromoteRecipe
from switchyard.data.dataset import Dataset
from switchyard.errors import GateError, SwitchyardError
from switchyard.evaluation.gates.judge import GateResult, sentence
from switchyard.evaluation.verdict import KEPT, PROMOTED, REFUSED
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.history import aliases, taken_out
from switchyard.releases.promotion import ComparisonFigures, Promotion
from switchyard.report import Report
from switchyard.tasks.registry import kind_named

if TYPE_CHECKING:
    from switchyard.evaluation.comparison_plan import Comparison
    from switchyard.evaluation.promotion import Decision


# Never from the cache: what is in production may have changed since, and both registries are asked anew.
@step(enable_cache=False, output_materializers=RecordMaterializer)
def promote(
    models: list[OnnxModel], splits: Dataset, evaluation: Report, recipe: PromoteRecipe
) -> Annotated[Promotion, "{use_case}_promotion"]:
    """Registers the best candidate, and decides whether it passes every gate and is better than the champion.

    What is decided here comes into production by the step deploy: its endpoint answers first.

    Args:
        models: One a candidate.
        splits: The dataset whose part `test` both the champion and the challenger answer.
        evaluation: Names the best one and what each gate measured.
        recipe: What is compared, how sure the difference must be, and what follows.

    Returns:
        The version, the candidate, the gates, the comparison, the verdict with its reason, and which version is in
        production now.

    Raises:
        GateError: A gate failed, or the champion is better and the config wants that to fail; the version is
            registered but not promoted.
    """
    from switchyard.evaluation.promotion import decide

    use_case = recipe.use_case
    repaired = reconcile(use_case)
    before = production_version(use_case)
    log_cached_evaluation(evaluation)
    best = next(model for model in models if model.metadata["candidate"] == evaluation.facts["best"])
    version = register_version(use_case, best, splits)
    lineage = lineage_of_run(evaluation, before)
    remember_recipe(use_case, version, best, splits, lineage)
    record_lineage(use_case, version, lineage)
    register_in_mlflow(use_case, version, best)
    gates = [GateResult(**gate) for gate in evaluation.facts["gates"]]
    # What would come of it if a gate failed; the rest follows below.
    promotion = Promotion(
        use_case=use_case,
        version=version,
        candidate=best.metadata["candidate"],
        sha256=best.metadata["sha256"],
        gates=tuple(gates),
        base=best.metadata.get("base"),
        champion=before,
        production=before,
        repaired=(*repaired, *_synced(use_case, version)),
        verdict=REFUSED,
        reason=sentence(gates, _consequence(use_case, version, before)),
    )
    if not all(gate.passed for gate in gates):
        _refuse(promotion, evaluation)

    comparison = None
    if before is not None and before != version:
        comparison = _compared(before, best, splits, recipe)
    decided = _by_hand(use_case, version, before) or decide(len(gates), version, before, comparison, recipe.champion)
    is_champion = decided.verdict == PROMOTED or before == version
    promotion = promotion.model_copy(
        update={
            "comparison": ComparisonFigures.model_validate(comparison.as_dict()) if comparison else None,
            "verdict": decided.verdict,
            "reason": decided.reason,
            "production": version if is_champion else before,
        }
    )
    if decided.verdict == REFUSED:
        _refuse(promotion, evaluation)
    _record(promotion, evaluation)
    return promotion


def _synced(use_case: str, version: int) -> list[str]:
    """The newest version is MLflow's challenger; what a run that died has left of the other aliases is put right."""
    known, registered = [change for change, _ in changes_of(use_case)], versions_of(use_case)
    older = [each for each in registered if each < version]
    return sync_aliases(use_case, aliases(known, registered), aliases(known, older)) or []


def _by_hand(use_case: str, version: int, before: int | None) -> Decision | None:
    """What a person has replaced comes back by a person only, however good it looks on today's rows."""
    from switchyard.evaluation.promotion import Decision

    change = taken_out([change for change, _ in changes_of(use_case)], version) if before is not None else None
    if change is None:
        return None
    who = f"{change.by.name} replaced version {version} ({change.action}, run {change.run}: {change.reason})"
    back = f"python run.py release --config {use_case} --version {version} would bring it back"
    return Decision(KEPT, f"{who}, so version {before} stays in production; {back}")


def _compared(before: int, best: OnnxModel, splits: Dataset, recipe: PromoteRecipe) -> Comparison:
    """The best candidate against the version in production, on today's test rows."""
    from switchyard.evaluation.comparison_plan import incomparable

    try:
        model = load_version(recipe.use_case, before)
    except SwitchyardError as error:
        return incomparable(str(error), best, recipe.metrics.primary, recipe.champion)
    seen = training_rows_of(recipe.use_case, before)
    return kind_named(recipe.kind).evaluation().compare(model, best, splits.scan("test"), recipe, seen)


def _consequence(use_case: str, version: int, before: int | None) -> str:
    if before == version:
        return f"{use_case} version {version}, promoted by an earlier run, stays; this run deploys nothing"
    return f"{use_case} version {version} is registered but not promoted, nothing is deployed"


def _refuse(promotion: Promotion, evaluation: Report) -> NoReturn:
    """Ends the run, and keeps what was found until then."""
    _record(promotion, evaluation)
    save_artifact(promotion, f"{promotion.use_case}_promotion", materializer=RecordMaterializer)
    raise GateError(promotion.reason)


def _record(promotion: Promotion, evaluation: Report) -> None:
    """At the top of the page, and beside the version in both registries: there a champion keeps what made it one."""
    from switchyard.evaluation.report.page import with_verdict

    use_case, told = promotion.use_case, promotion.to_json()
    lineage = lineage_of_run(evaluation, promotion.champion, promotion.base).to_json()
    facts = {**evaluation.facts, "promotion": told, "lineage": lineage}
    page = Report(facts=facts, html=with_verdict(evaluation.html, told, lineage))
    kept = save_artifact(page, f"{use_case}_verdict", materializer=ReportMaterializer)
    keep_with_version(use_case, promotion.version, kept)
    log_page(page)
    if promotion.version != promotion.champion:
        record_verdict(promotion)
        record_verdict_in_mlflow(promotion)
    keep_card(promotion, evaluation)
