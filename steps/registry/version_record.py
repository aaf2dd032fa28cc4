"""What lives with a version of a model: the recipe that it was made from, its page and its card.

All of it is linked to the version in ZenML's model control plane, the card goes to MLflow, too. `compare`, `show` and
`reproduce` ask for it by the version's number.
"""

from __future__ import annotations

from zenml import get_step_context, save_artifact
from zenml.client import Client
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.models import ArtifactVersionResponse
from zenml.types import MarkdownString

from steps.registry.lineage import config_of
from steps.registry.versions import facts_beside, version_named
from steps.storage.artifacts import DatasetMaterializer
from steps.storage.records import RecordMaterializer
from steps.support.tracking import log_card
from switchyard.data.dataset import Dataset
from switchyard.errors import SwitchyardError
from switchyard.lineage import Lineage, machine
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.promotion import Promotion
from switchyard.releases.version_recipe import RecipeData, RecipeModel, VersionRecipe
from switchyard.report import Report


def remember_recipe(use_case: str, version: int, model: OnnxModel, splits: Dataset, lineage: Lineage) -> None:
    """Everything that the running pipeline made this version from, once: the same bytes made again add nothing.

    Args:
        use_case: The registered model's name.
        version: Its number.
        model: The ONNX file and its metadata.
        splits: The rows that it was trained and evaluated on.
        lineage: Of the run.
    """
    found = version_named(use_case, version)
    if found.get_artifact(f"{use_case}_recipe"):
        return
    run = get_step_context().pipeline_run
    recipe = VersionRecipe(
        run=lineage.run,
        config_sha256=lineage.config_sha256,
        code=lineage.code,
        lock_sha256=lineage.lock_sha256,
        stack=lineage.stack,
        config=config_of(run).model_dump(mode="json"),
        candidate=model.metadata["candidate"],
        base=model.metadata.get("base"),
        model=RecipeModel.model_validate(model.metadata),
        data=RecipeData(uri=lineage.uri, fingerprint=lineage.fingerprint, rows=_rows(splits)),
        machine=machine(),
    )
    for raw in run.steps["ingest"].outputs.get(f"{use_case}_raw", ()):
        link_artifact_version_to_model_version(artifact_version=raw, model_version=found)
    kept = save_artifact(recipe, f"{use_case}_recipe", materializer=RecordMaterializer)
    keep_with_version(use_case, version, kept)


def keep_card(promotion: Promotion, evaluation: Report) -> None:
    """The version's card, with the verdict that made it what it is: a champion's is not that of a later run.

    Args:
        promotion: What promote has decided.
        evaluation: The best candidate's, which the version is.
    """
    from switchyard.evaluation.report.model_card import model_card

    use_case, version = promotion.use_case, promotion.version
    release = promotion.to_json()
    if version == promotion.champion and (known := facts_beside(version_named(use_case, version))).verdict:
        release = {"version": version, **known.model_dump(mode="json", exclude_none=True)}
    run = get_step_context().pipeline_run
    recipe = recipe_of(use_case, version)
    told = recipe.model_dump(mode="json", exclude_none=True) if recipe else {}
    if recipe:  # the words of the card may be edited without training anything again
        told["config"] = {**recipe.config, "card": config_of(run).card.model_dump(mode="json")}
    card = model_card(evaluation.facts, told, release)
    keep_with_version(use_case, version, save_artifact(MarkdownString(card), f"{use_case}_card"))
    log_card(use_case, version, card)


def keep_with_version(use_case: str, version: int, artifact: ArtifactVersionResponse) -> None:
    """Links an artifact, so that it is found by the version and shown beside it on the dashboard."""
    link_artifact_version_to_model_version(
        artifact_version=artifact, model_version=Client().get_model_version(use_case, str(version))
    )


def recipe_of(use_case: str, version: int) -> VersionRecipe | None:
    """What a version was made from; None if it was registered before that was recorded, or the record is gone."""
    recipe = _artifact(use_case, version, "recipe")
    return recipe if isinstance(recipe, VersionRecipe) else None


def card_of(use_case: str, version: int) -> str | None:
    """Its card; None as for `recipe_of`."""
    card = _artifact(use_case, version, "card")
    return None if card is None else str(card)


def page_of(use_case: str, version: int) -> ArtifactVersionResponse | None:
    """Its report, with the verdict if one was reached; None if neither was kept."""
    found = version_named(use_case, version)
    return found.get_artifact(f"{use_case}_verdict") or found.get_artifact(f"{use_case}_evaluation")


def raw_of(use_case: str, version: int) -> Dataset:
    """The rows as they were read from the source.

    Raises:
        SwitchyardError: They are not there any more, or not as they were written.
    """
    artifact = version_named(use_case, version).get_artifact(f"{use_case}_raw")
    if artifact is None:
        raise SwitchyardError(f"the data of {use_case} version {version} is not linked to it any more")
    try:
        data: Dataset = artifact.load()
        written = DatasetMaterializer(artifact.uri).compute_content_hash(data)
    except Exception as error:  # whatever a store says of a file that is gone
        raise SwitchyardError(f"the data of {use_case} version {version} cannot be read: {error}") from error
    if artifact.content_hash not in (None, written):
        raise SwitchyardError(f"the data of {use_case} version {version} is not as it was written, in {artifact.uri}")
    return data


def _artifact(use_case: str, version: int, what: str) -> object:
    artifact = version_named(use_case, version).get_artifact(f"{use_case}_{what}")
    try:
        return artifact.load() if artifact else None
    except Exception:  # whatever a store says of a file that is gone
        return None


def _rows(splits: Dataset) -> dict[str, int]:
    import polars as pl

    return {part: int(splits.scan(part).select(pl.len()).collect().item()) for part in splits.parts}
