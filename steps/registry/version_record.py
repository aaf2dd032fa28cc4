"""What lives with a version of a model: the recipe that it was made from, its page and its card.

All of it is linked to the version in ZenML's model control plane, the card goes to MLflow, too. `compare`, `show` and
`reproduce` ask for it by the version's number.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from zenml import get_step_context, save_artifact
from zenml.client import Client
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.models import ArtifactVersionResponse, ModelVersionResponse
from zenml.types import MarkdownString

from steps.registry.lineage import config_of
from steps.storage.artifacts import DatasetMaterializer
from steps.support.tracking import log_card
from switchyard.data.dataset import Dataset
from switchyard.errors import InputError, SwitchyardError
from switchyard.lineage import machine
from switchyard.model.onnx_model import OnnxModel
from switchyard.report import Report

_ON_THE_CARD = ("type", "params", "inputs", "sha256", "versions", "threads", "seed", "rows")


def remember_recipe(use_case: str, version: int, model: OnnxModel, splits: Dataset, lineage: dict[str, Any]) -> None:
    """Everything that the running pipeline made this version from, once: the same bytes made again add nothing.

    Args:
        use_case: The registered model's name.
        version: Its number.
        model: The ONNX file and its card.
        splits: The rows that it was trained and evaluated on.
        lineage: Of the run, see `steps.registry.lineage`.
    """
    found = version_named(use_case, version)
    if found.get_artifact(f"{use_case}_recipe"):
        return
    run = get_step_context().pipeline_run
    recipe = {
        "format": 1,
        **{key: lineage[key] for key in ("run", "config_sha256", "code", "lock_sha256", "stack")},
        "config": config_of(run).model_dump(mode="json"),
        "candidate": model.metadata["candidate"],
        **({"base": model.metadata["base"]} if "base" in model.metadata else {}),
        "model": {key: model.metadata[key] for key in _ON_THE_CARD if key in model.metadata},
        "data": {"uri": lineage["uri"], "fingerprint": lineage["fingerprint"], "rows": _rows(splits)},
        "machine": machine(),
    }
    for raw in run.steps["ingest"].outputs.get(f"{use_case}_raw", ()):
        link_artifact_version_to_model_version(artifact_version=raw, model_version=found)
    keep_with_version(use_case, version, save_artifact(recipe, f"{use_case}_recipe"))


def keep_card(promotion: dict[str, Any], evaluation: Report) -> None:
    """The version's card, with the verdict that made it what it is: a champion's is not that of a later run.

    Args:
        promotion: What promote returns.
        evaluation: The best candidate's, which the version is.
    """
    from switchyard.evaluation.report.model_card import model_card

    use_case, version = promotion["use_case"], promotion["version"]
    recorded = version_named(use_case, version).run_metadata if version == promotion["champion"] else {}
    release = {"version": version, **(recorded if "verdict" in recorded else promotion)}
    run = get_step_context().pipeline_run
    recipe = dict(recipe_of(use_case, version) or {})
    if recipe:  # words may be mended without training anything anew
        recipe["config"] = {**recipe["config"], "card": config_of(run).card.model_dump(mode="json")}
    card = model_card(evaluation.facts, recipe, release)
    keep_with_version(use_case, version, save_artifact(MarkdownString(card), f"{use_case}_card"))
    log_card(use_case, version, card)


def keep_with_version(use_case: str, version: int, artifact: ArtifactVersionResponse) -> None:
    """Links an artifact, so that it is found by the version and shown beside it on the dashboard."""
    link_artifact_version_to_model_version(
        artifact_version=artifact, model_version=Client().get_model_version(use_case, str(version))
    )


def version_named(use_case: str, version: int | str) -> ModelVersionResponse:
    """A registered version.

    Args:
        use_case: The registered model's name.
        version: Its number, or `champion` for the one in production.

    Raises:
        InputError: There is none; the sentence says which there are.
    """
    from steps.registry.versions import PRODUCTION

    client = Client()
    with suppress(KeyError):
        found = client.get_model_version(use_case, PRODUCTION if version == "champion" else str(version))
        if version == "champion" or str(found.number) == str(version):
            return found
    known = client.list_model_versions(use_case, sort_by="asc:number", size=1000).items if _is_model(use_case) else []
    if not known:
        raise InputError(f"{use_case} has no registered version yet; make one: python run.py --config {use_case}")
    there = ", ".join(f"{each.number}{' (champion)' if each.stage == PRODUCTION else ''}" for each in known)
    what = "no version is in production" if version == "champion" else f"there is no version {version}"
    raise InputError(f"{use_case}: {what}; there {'is' if len(known) == 1 else 'are'} {there}")


def recipe_of(use_case: str, version: int) -> dict[str, Any] | None:
    """What a version was made from; None if it was registered before that was recorded, or the record is gone."""
    recipe = _artifact(use_case, version, "recipe")
    return recipe if isinstance(recipe, dict) else None


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


def _is_model(use_case: str) -> bool:
    return bool(Client().list_models(name=use_case, size=1).items)


def _rows(splits: Dataset) -> dict[str, int]:
    import polars as pl

    return {part: int(splits.scan(part).select(pl.len()).collect().item()) for part in splits.parts}
