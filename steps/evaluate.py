"""evaluate: what each ONNX file is worth on rows that it has never seen."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated

from zenml import get_step_context, step

from steps.storage.artifacts import ReportMaterializer
from steps.support.caching import depends_on
from steps.support.tracking import log_evaluation
from switchyard.config.images import ImageContract, ImageData, ImageReporting
from switchyard.config.sections import Contract, Data, Expectations, Features, Metrics, Reporting
from switchyard.data.dataset import Dataset
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report
from switchyard.tasks.evaluation import evaluating

_CODE = depends_on(
    "switchyard/tasks/evaluation.py",
    "switchyard/evaluation",
    "switchyard/statistics",
    "switchyard/model",
    "switchyard/data",
    "switchyard/config/features.py",
)


@step(output_materializers=ReportMaterializer, cache_policy=_CODE)
def evaluate(
    models: list[OnnxModel],
    splits: Dataset,
    data: Data | ImageData,
    task: str,
    contract: Contract | ImageContract,
    features: Features,
    metrics: Metrics,
    reporting: Reporting | ImageReporting,
    expectations: Expectations,
    golden_rows: int,
    gates: dict[str, str],
    seed: int,
    fingerprint: str,
    use_case: str,
) -> Annotated[Report, "{use_case}_evaluation"]:
    """Measures the candidates on validation rows and the best of them once on test rows.

    Args:
        models: One a candidate.
        splits: The dataset with the parts `train`, `validation` and `test`.
        data: Which column is the target.
        task: Says what kind of data it is, and what was learned.
        contract: The type of each column.
        features: Which columns the candidates see.
        metrics: What decides, and how sure the figures must be.
        reporting: What is measured beyond the metrics.
        expectations: What the best candidate must do beyond the figures.
        golden_rows: How many test rows are explained one by one: those that the endpoint is asked for.
        gates: What the figures are held against.
        seed: Of the bootstrap.
        fingerprint: Of the source, for the report; empty: what ingest found in this run.
        use_case: Names the artifact.

    Returns:
        The report; `facts["best"]` names the candidate that goes on.
    """
    from switchyard.evaluation.gates.judge import judge
    from switchyard.evaluation.gates.namespace import flatten
    from switchyard.evaluation.report.page import to_html
    from switchyard.evaluation.tables.expectations import as_gates

    source = {"uri": data.uri, "fingerprint": fingerprint or _ingested()}
    evaluation = evaluating(task).evaluate(
        models,
        splits,
        data=data,
        task=task,
        contract=contract,
        features=features,
        metrics=metrics,
        reporting=reporting,
        expectations=expectations,
        golden_rows=golden_rows,
        seed=seed,
        source=source,
    )
    found = replace(evaluation.found, name=use_case).with_sections(contract=_contract(use_case))
    found = replace(found, gated=flatten(found))
    results = (*judge(gates, found), *as_gates(found.get("expectations", [])))
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
