"""Which versions are in memory, and which of them answers when a request names none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from switchyard.serving.engine.loaded_model import LoadedModel, load_model, stamp
from switchyard.serving.local import repository
from switchyard.serving.protocol.request_error import RequestError

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger("switchyard.serving")


class LoadedModels:
    """The versions in memory: of each model the active one and at most one more.

    A request takes its `LoadedModel` once, so a switch between two requests drops neither: the old version's
    session lives until its last request is answered.

    Attributes:
        active: The version of each model that answers by default. Replaced by one assignment.
        loaded: All versions in memory, by model and number.
        failed: Recorded active versions that could not be loaded at the start, each with the reason.
        fixed: Whether what was loaded at the start stays, and nothing is written into the repository.
    """

    def __init__(self, root: Path) -> None:
        """Start with nothing in memory."""
        self.root = root
        self.active: dict[str, LoadedModel] = {}
        self.loaded: dict[str, dict[str, LoadedModel]] = {}
        self.failed: dict[str, str] = {}
        self.fixed = False

    def load_recorded(self) -> None:
        """Load what was active when the last server stopped; a version that fails is reported, not fatal."""
        for name in repository.names(self.root):
            version = repository.active(self.root, name)
            if version is None:
                continue
            try:
                self.load(name, str(version), default=True)
            except RequestError as error:
                self.failed[name] = str(error)
                logger.error("%s", error)

    def load_highest(self) -> None:
        """Load the highest version of each model, for good: for a repository that others write, or nobody.

        Raises:
            RequestError: There is no model, or one cannot be loaded.
        """
        for name in repository.names(self.root):
            if numbers := repository.versions(self.root, name):
                version = str(numbers[-1])
                self._keep(load_model(self._folder(name, version), name, version), default=True)
                logger.info("loaded %s version %s", name, version)
        if not self.active:
            raise RequestError(f"there is no model in {self.root}: it must hold NAME/VERSION/model.onnx", 404)
        self.fixed = True

    def find(self, name: str, version: str | None = None) -> LoadedModel:
        """The version that answers a request.

        Raises:
            RequestError: If there is none (404).
        """
        model = self.active.get(name) if version is None else self.loaded.get(name, {}).get(version)
        if model is not None:
            return model
        if not repository.versions(self.root, name):
            raise RequestError(f"there is no model {name}", 404)
        which = "no active version" if version is None else f"no version {version} loaded"
        raise RequestError(f"model {name} has {which}", 404)

    def exists(self, name: str, version: str | None) -> bool:
        """Whether the repository has this model, or this version of it."""
        versions = repository.versions(self.root, name)
        return bool(versions) if version is None else version in map(str, versions)

    def load(self, name: str, version: str | None = None, default: bool | None = None) -> LoadedModel:
        """Bring a version into memory, and make it the active one if `default`.

        Args:
            name: The model.
            version: Its number; None for the active one, or the highest if none is active.
            default: Whether it answers from now on; None means yes exactly if no version is named.

        Raises:
            RequestError: If there is no such version (404), it cannot be loaded (400), or all models are fixed (403).
        """
        self._must_not_be_fixed()
        if default is None:
            default = version is None
        version = self._existing(name, version)
        model = self.loaded.get(name, {}).get(version)
        if model is None or model.stamp != stamp(self._folder(name, version) / "model.onnx"):
            model = load_model(self._folder(name, version), name, version)
        default = default or (name in self.active and self.active[name].version == version)
        if default:
            repository.set_active(self.root, name, int(version))
            self.failed.pop(name, None)
        self._keep(model, default)
        logger.info("loaded %s version %s%s", name, version, ", now active" if default else "")
        return model

    def unload(self, name: str, version: str | None = None) -> None:
        """Take a version, or the whole model, out of memory; without a version the model stays out after a restart.

        Raises:
            RequestError: If it is not loaded (404), the version is the active one (400), or all models are fixed (403).
        """
        self._must_not_be_fixed()
        if version is None:
            if not self.loaded.pop(name, None) and not self.failed.pop(name, None):
                raise RequestError(f"model {name} is not loaded", 404)
            self.active.pop(name, None)
            repository.set_active(self.root, name, None)
            return
        current = self.active.get(name)
        if current is not None and current.version == version:
            raise RequestError(f"version {version} of model {name} is active: activate another one first")
        if self.loaded.get(name, {}).pop(version, None) is None:
            raise RequestError(f"model {name} has no version {version} loaded", 404)

    def index(self, ready_only: bool) -> list[dict[str, Any]]:
        """Every version in the repository and whether it can answer."""
        rows = []
        for name in repository.names(self.root):
            for version in map(str, repository.versions(self.root, name)):
                ready = version in self.loaded.get(name, {})
                if ready or not ready_only:
                    reason = "" if ready else self.failed.get(name, "not loaded")
                    state = "READY" if ready else "UNAVAILABLE"
                    rows.append({"name": name, "version": version, "state": state, "reason": reason})
        return rows

    def _must_not_be_fixed(self) -> None:
        if self.fixed:
            raise RequestError("this server loads and unloads nothing: it serves what was there when it started", 403)

    def _folder(self, name: str, version: str) -> Path:
        return self.root / name / version

    def _existing(self, name: str, version: str | None) -> str:
        versions = repository.versions(self.root, name)
        if not versions:
            raise RequestError(f"there is no model {name}", 404)
        if version is None:
            return str(repository.active(self.root, name) or versions[-1])
        if not repository.is_version(version) or int(version) not in versions:
            raise RequestError(f"model {name} has no version {version}", 404)
        return version

    def _keep(self, model: LoadedModel, default: bool) -> None:
        """The active version and one more: the one just loaded, or the one that was active before it."""
        before = self.active.get(model.name)
        if before is None:
            kept = {model.version: model}
        elif before.version == model.version:
            kept = {**self.loaded[model.name], model.version: model}
        else:
            kept = {before.version: before, model.version: model}
        self.loaded[model.name] = kept
        if default:
            self.active[model.name] = model
