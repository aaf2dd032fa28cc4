"""validate: the contract, and how far the data has moved since it was last accepted."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import save_artifact, step
from zenml.client import Client

from steps.artifacts import ReportMaterializer
from steps.caching import depends_on
from switchyard.config import Contract
from switchyard.data.dataset import Dataset
from switchyard.errors import ContractError
from switchyard.report import Report

_CODE = depends_on("switchyard/data")


@step(output_materializers={"{use_case}_validation": ReportMaterializer}, cache_policy=_CODE)
def validate(
    raw: Dataset, use_case: str, source: str, contract: Contract, target: str
) -> tuple[Annotated[Report, "{use_case}_validation"], Annotated[dict[str, Any], "{use_case}_baseline"]]:
    """Checks every rule of the contract; a broken one stops the run, and the report is kept either way.

    Args:
        raw: The table as it was ingested.
        use_case: The use case's name.
        source: What the data is called in the report and in errors.
        contract: The rules.
        target: The column that is predicted.

    Returns:
        The report, and the distributions that the next version of the data is held against.

    Raises:
        ContractError: A rule is broken, or a column has moved too far.
    """
    from switchyard.data.validation import validate as validate_table

    outcome = validate_table(raw.scan("raw"), contract, source=source, target=target, baseline=_baseline(use_case))
    if outcome.problem:
        save_artifact(outcome.report, f"{use_case}_validation", materializer=ReportMaterializer)
        raise ContractError(outcome.problem)
    return outcome.report, outcome.profile


def _baseline(use_case: str) -> dict[str, Any] | None:
    """The distributions of the data that was last accepted, if any was."""
    try:
        version = Client().get_artifact_version(f"{use_case}_baseline")
        baseline: dict[str, Any] = version.load()
    except (KeyError, FileNotFoundError):
        return None
    return baseline
