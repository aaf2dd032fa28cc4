"""validate: the contract, and how far the data has moved since it was last accepted."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import save_artifact, step
from zenml.client import Client

from steps.storage.artifacts import ReportMaterializer
from steps.support.caching import depends_on
from switchyard.config.images import ImageContract, ImageData
from switchyard.config.sections import Contract, Data
from switchyard.data.dataset import Dataset
from switchyard.errors import ContractError
from switchyard.report import Report
from switchyard.tasks.data import data_steps

_CODE = depends_on("switchyard/tasks/data.py", "switchyard/data")


@step(output_materializers={"{use_case}_validation": ReportMaterializer}, cache_policy=_CODE)
def validate(
    raw: Dataset, use_case: str, data: Data | ImageData, contract: Contract | ImageContract, task: str
) -> tuple[Annotated[Report, "{use_case}_validation"], Annotated[dict[str, Any], "{use_case}_baseline"]]:
    """Checks every rule of the contract; a broken one stops the run, and the report is kept either way.

    Args:
        raw: The data as it was ingested.
        use_case: The use case's name.
        data: Where it came from, which is what the report and errors call it, and what is predicted.
        contract: The rules.
        task: Says what kind of data it is.

    Returns:
        The report, and the distributions that the next version of the data is held against.

    Raises:
        ContractError: A rule is broken, or a column has moved too far.
    """
    outcome = data_steps(task).validate(raw, data, contract, data.uri, _baseline(use_case))
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
