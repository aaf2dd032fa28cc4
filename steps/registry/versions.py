"""ZenML's model control plane: versions of a use case's model, and which of them is in production.

The model of a use case carries its name; a version is one ONNX file, linked to what it came from: the candidates, the
report, the split, and the hashes of the rows that it was trained on. The same bytes are registered once, so a run that
died after registering, or that trained the same model again, goes on with the version there is.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zenml import get_step_context, log_metadata, save_artifact
from zenml.client import Client
from zenml.exceptions import EntityExistsError
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.models import ModelVersionResponse

from steps.storage.artifacts import DatasetMaterializer
from switchyard.data.dataset import Dataset
from switchyard.data.training_rows import TrainingRows
from switchyard.errors import InputError, SwitchyardError
from switchyard.lineage import Lineage
from switchyard.model.onnx_model import OnnxModel
from switchyard.releases.promotion import Promotion
from switchyard.releases.version_facts import VersionFacts
from switchyard.tasks.registry import kind_of

PRODUCTION, ARCHIVED = "production", "archived"
_PAGE = 200


def register_version(use_case: str, model: OnnxModel, splits: Dataset) -> int:
    """The number of this model's version, new if its bytes are.

    Args:
        use_case: The registered model's name.
        model: The ONNX file and its metadata.
        splits: What it was trained on, to be remembered row by row.

    Returns:
        The version's number, from 1.
    """
    client = Client()
    with suppress(EntityExistsError):
        client.create_model(use_case)
    sha256 = str(model.metadata["sha256"])
    tag = f"sha256-{sha256[:16]}"
    known = client.list_model_versions(model=use_case, tags=tag, size=1).items
    version = known[0] if known else client.create_model_version(use_case, tags=[tag, str(model.metadata["candidate"])])
    if "sha256" not in version.run_metadata:  # written last: a run that died before it has left the rest undone
        _link_inputs(version)
        _remember_rows(version, use_case, model.metadata, splits)
        facts = VersionFacts(sha256=sha256, candidate=model.metadata["candidate"])
        _record(use_case, int(version.number), facts)
    return int(version.number)


def set_production(use_case: str, version: int | None) -> None:
    """Moves the stage `production` to this version, or to none; the one before is archived."""
    before = production_version(use_case)
    if version is not None:
        Client().update_model_version(use_case, str(version), stage=PRODUCTION, force=True)
    elif before is not None:
        Client().update_model_version(use_case, str(before), stage=ARCHIVED, force=True)


def production_version(use_case: str) -> int | None:
    """The version whose stage it is; the one that has answered last, except while a run is on its way."""
    found = Client().list_model_versions(model=use_case, stage=PRODUCTION, size=1).items
    return int(found[0].number) if found else None


def versions_of(use_case: str) -> list[int]:
    """The numbers of all registered versions, the newest first."""
    return sorted((int(each.number) for each in _registered(use_case)), reverse=True)


def version_named(use_case: str, version: int | str) -> ModelVersionResponse:
    """A registered version.

    Args:
        use_case: The registered model's name.
        version: Its number, or `champion` for the one in production.

    Raises:
        InputError: There is none; the sentence says which there are.
    """
    client = Client()
    with suppress(KeyError):
        found = client.get_model_version(use_case, PRODUCTION if version == "champion" else str(version))
        if version == "champion" or str(found.number) == str(version):
            return found
    known = sorted(_registered(use_case), key=lambda each: int(each.number))
    if not known:
        raise InputError(f"{use_case} has no registered version yet; train one: python run.py --config {use_case}")
    there = ", ".join(f"{each.number}{' (champion)' if each.stage == PRODUCTION else ''}" for each in known)
    what = "no version is in production" if version == "champion" else f"there is no version {version}"
    raise InputError(f"{use_case}: {what}; there {'is' if len(known) == 1 else 'are'} {there}")


def facts_of(use_case: str) -> dict[int, VersionFacts]:
    """What is recorded beside each version, by its number.

    Raises:
        SwitchyardError: Another version of the project recorded it.
    """
    return {int(each.number): facts_beside(each) for each in _registered(use_case, hydrate=True)}


def facts_beside(version: ModelVersionResponse) -> VersionFacts:
    """What is recorded beside one version.

    Raises:
        SwitchyardError: Another version of the project recorded it.
    """
    return VersionFacts.from_json(version.run_metadata)


def record_verdict(promotion: Promotion) -> None:
    """The verdict on a version, beside it: what, why, against which champion, with which figures."""
    facts = VersionFacts(
        verdict=promotion.verdict,
        reason=promotion.reason,
        champion=promotion.champion,
        comparison=promotion.comparison,
    )
    _record(promotion.use_case, promotion.version, facts)


def record_lineage(use_case: str, version: int, lineage: Lineage) -> None:
    """Where a version comes from, beside it; once, for that does not change."""
    if "lineage" not in _version(use_case, version).run_metadata:
        _record(use_case, version, VersionFacts(lineage=lineage))


def _record(use_case: str, version: int, facts: VersionFacts) -> None:
    """Writes the facts that are known now; those recorded before stay."""
    told: dict[str, Any] = facts.model_dump(mode="json", exclude_none=True)
    log_metadata(metadata=told, model_name=use_case, model_version=version)


def load_version(use_case: str, version: int) -> OnnxModel:
    """The ONNX file of a version, from the artifact store that it was written to.

    Raises:
        SwitchyardError: It is not there any more.
    """
    found = _version(use_case, version)
    artifact = found.get_artifact(f"{use_case}_{found.run_metadata.get('candidate')}")
    try:
        model = artifact.load() if artifact else None
    except Exception as error:  # whatever a store says of a file that is gone
        raise SwitchyardError(f"the ONNX file of {use_case} version {version} cannot be read: {error}") from error
    if not isinstance(model, OnnxModel) or model.metadata["sha256"] != found.run_metadata.get("sha256"):
        raise SwitchyardError(f"the ONNX file of {use_case} version {version} is not linked to it any more")
    return model


def training_rows_of(use_case: str, version: int) -> TrainingRows | None:
    """The rows that a version was trained on; None if that was not recorded, or the record is gone."""
    artifact = _version(use_case, version).get_artifact(f"{use_case}_seen_rows")
    with suppress(SwitchyardError, OSError):
        return TrainingRows.read(artifact.load()) if artifact else None
    return None


def splits_of(use_case: str, version: int) -> Dataset | None:
    """The split that a version came from; None if it is gone."""
    artifact = _version(use_case, version).get_artifact(f"{use_case}_splits")
    with suppress(SwitchyardError, OSError):
        return artifact.load() if artifact else None
    return None


def latest_splits(use_case: str) -> Dataset | None:
    """The split that was made last, of whatever version; None if it is gone."""
    with suppress(SwitchyardError, OSError, KeyError):
        found: Dataset = Client().get_artifact_version(f"{use_case}_splits").load()
        return found
    return None


def _registered(use_case: str, hydrate: bool = False) -> list[ModelVersionResponse]:
    if not Client().list_models(name=use_case, size=1).items:
        return []
    found: list[ModelVersionResponse] = []
    page, pages = 1, 1
    while page <= pages:
        listed = Client().list_model_versions(model=use_case, hydrate=hydrate, page=page, size=_PAGE)
        found += listed.items
        page, pages = page + 1, listed.total_pages
    return found


def _version(use_case: str, version: int) -> ModelVersionResponse:
    return Client().get_model_version(use_case, str(version))


def _link_inputs(version: ModelVersionResponse) -> None:
    """The running step's inputs (models, split, report) belong to the version: its lineage on the dashboard."""
    for artifacts in get_step_context().step_run.inputs.values():
        for artifact in artifacts:
            link_artifact_version_to_model_version(artifact_version=artifact, model_version=version)


def _remember_rows(version: ModelVersionResponse, use_case: str, metadata: dict[str, Any], splits: Dataset) -> None:
    """The training rows; those of the network, too, if only the gallery is new."""
    seen = TrainingRows.of(kind_of(str(metadata["task"])).data().recognised_by(splits.scan("train")))
    before = training_rows_of(use_case, metadata["base"]["network"]) if "base" in metadata else None
    with TemporaryDirectory(prefix="switchyard-rows-") as folder:
        rows = (seen.joined(before) if before else seen).write(Path(folder))
        saved = save_artifact(rows, f"{use_case}_seen_rows", materializer=DatasetMaterializer)
    link_artifact_version_to_model_version(artifact_version=saved, model_version=version)
