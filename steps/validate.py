"""validate: the contract, and how far the data has moved since it was last accepted."""

from __future__ import annotations

from typing import Annotated, Any

from zenml import save_artifact, step
from zenml.client import Client

from steps.storage.artifacts import ReportMaterializer
from steps.support.caching import depends_on
from switchyard.config.recipes import ValidateRecipe
from switchyard.data.dataset import Dataset
from switchyard.errors import ContractError
from switchyard.report import Report
from switchyard.tasks.registry import kind_named


@step(output_materializers={"{use_case}_validation": ReportMaterializer}, cache_policy=depends_on())
def validate(
    raw: Dataset, recipe: ValidateRecipe
) -> tuple[Annotated[Report, "{use_case}_validation"], Annotated[dict[str, Any], "{use_case}_baseline"]]:
    """Checks every rule of the contract; a broken one stops the run, and the report is kept either way.

    Args:
        raw: The data as it was ingested.
        recipe: The rules, and what the report and errors call the data.

    Returns:
        The report, and the distributions that the next version of the data is held against.

    Raises:
        ContractError: A rule is broken, or a column has moved too far.
    """
    outcome = kind_named(recipe.kind).data().validate(raw, recipe, _baseline(recipe.use_case))
    if outcome.problem:
        save_artifact(outcome.report, f"{recipe.use_case}_validation", materializer=ReportMaterializer)
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
