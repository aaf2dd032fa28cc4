"""evaluate: what each ONNX file is worth on rows that it has never seen."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

from zenml import get_step_context, step

from steps.storage.artifacts import ReportMaterializer
from steps.support.caching import depends_on
from steps.support.tracking import log_evaluation
from switchyard.config.recipes import EvaluateRecipe
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report
from switchyard.tasks.registry import kind_named


@step(output_materializers=ReportMaterializer, cache_policy=depends_on())
def evaluate(
    models: list[OnnxModel], splits: Dataset, recipe: EvaluateRecipe
) -> Annotated[Report, "{use_case}_evaluation"]:
    """Measures the candidates on validation rows and the best of them once on test rows.

    Args:
        models: One a candidate.
        splits: The dataset with the parts `train`, `validation` and `test`.
        recipe: What is measured, and what the figures are held against.

    Returns:
        The report; `facts["best"]` names the candidate that goes on.
    """
    from switchyard.evaluation.gates.judge import expectations_as_gates, judge
    from switchyard.evaluation.gates.namespace import flatten
    from switchyard.evaluation.report.page import to_html

    source = {"uri": recipe.uri, "fingerprint": recipe.fingerprint or _ingested()}
    evaluation = kind_named(recipe.kind).evaluation().evaluate(models, splits, recipe, source)
    found = replace(evaluation.found, name=recipe.use_case).with_sections(contract=_contract(recipe.use_case))
    found = replace(found, gated=flatten(found))
    results = (*judge(recipe.gates, found), *expectations_as_gates(found.get("expectations", [])))
    found = replace(found, gates=[asdict(result) for result in results])
    report = Report(facts=found.to_json(), html=to_html(found, results))
    log_evaluation(report)
    return report


def _contract(use_case: str) -> dict[str, int]:
    """What the step validate of this run has found, in brief."""
    from switchyard.evaluation.report.contract_summary import in_brief

    (validation,) = get_step_context().pipeline_run.steps["validate"].outputs[f"{use_case}_validation"]
    return in_brief(validation.load().facts)


def _ingested() -> str:
    """The fingerprint that the step ingest of this run has noted."""
    return str(get_step_context().pipeline_run.steps["ingest"].run_metadata["fingerprint"])
