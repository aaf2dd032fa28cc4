"""`python run.py reproduce VERSION`: makes a version again from its recipe and compares the bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from runs.versions.code_of import Code, code_of
from steps.registry.version_record import raw_of, recipe_of
from steps.registry.versions import load_version, training_rows_of, version_named
from switchyard.config.loading import recorded
from switchyard.config.sections import UseCase
from switchyard.errors import SwitchyardError
from switchyard.lineage import Base, lock_sha256, machine
from switchyard.model.environment import versions
from switchyard.model.onnx_model import OnnxModel
from switchyard.project import ROOT
from switchyard.releases.version_recipe import VersionRecipe
from switchyard.tasks.recipes import Recipes
from switchyard.tasks.registry import kind_of

_SHOWN = 3  # differences; the first explains the rest
SAME, OTHER = 0, 1


def reproduce(use_case: str, asked: str, here: bool = False) -> int:
    """Makes a version again, and prints what differs today and what came of it.

    Args:
        use_case: The registered model's name.
        asked: The version's number, or `champion`.
        here: With the code there is, even if the recorded commit can be had.

    Returns:
        0 for the same bytes, 1 for others.

    Raises:
        InputError: There is no such version.
        SwitchyardError: What it was made from is not on record, or gone, or nothing can be made from it.
    """
    found = version_named(use_case, asked)
    version = int(found.number)
    recipe = recipe_of(use_case, version)
    if recipe is None:
        raise SwitchyardError(
            f"{use_case} version {version}: there is no record of what it was made from; it was registered before "
            "recipes were recorded, or the record is gone from the artifact store"
        )
    how = f", the network of version {recipe.base.version} with another gallery" if recipe.base else ""
    print(f"{use_case} version {version}, candidate {recipe.candidate}{how}, made by run {recipe.run}", flush=True)
    with TemporaryDirectory(prefix="switchyard-reproduce-") as name, code_of(recipe.origin, ROOT, here) as code:
        folder = Path(name)
        raw, about_data = _data(use_case, version, recipe, folder)
        for line in [code.told, *_today(recipe), about_data]:
            print(f"  {line}", flush=True)
        if recipe.base:
            _put_base(use_case, recipe.base, folder)
        _make(folder, recipe, raw, code)
        return _verdict(use_case, version, recipe, folder, code)


def _today(recipe: VersionRecipe) -> list[str]:
    """Lock, packages and machine, then and now: a line each."""
    lock = "the same" if lock_sha256(ROOT) == recipe.lock_sha256 else "changed since"
    then, now = recipe.model.versions or {}, versions()
    changed = [
        f"{name} {now.get(name, 'none')} instead of {each}" for name, each in then.items() if now.get(name) != each
    ]
    lines = [f"lock: {lock}", f"packages: {', '.join(changed) or 'the same'}"]
    before, after = recipe.machine, machine()
    pairs = ((before.platform, after.platform), (before.processor, after.processor))
    moved = [f"{new} instead of {old}" for old, new in pairs if old != new]
    return [*lines, f"machine: {', '.join(moved) or 'the same'}"]


def _data(use_case: str, version: int, recipe: VersionRecipe, folder: Path) -> tuple[str, str]:
    """Where the rows are that it was made from, and what to say about them.

    They were kept as they were read. If they are gone, the source will do, as long as its fingerprint is that of then.
    """
    config = _config(recipe)
    uri, now = config.data.uri, _fingerprint(config)
    moved = f"{uri} {'has changed' if now else 'cannot be read'}" if now != recipe.data.fingerprint else ""
    try:
        raw = raw_of(use_case, version)
    except SwitchyardError as gone:
        if moved:
            raise SwitchyardError(f"{gone}, and {moved} since: there is nothing to make it from") from gone
        return _read_again(config, folder), f"data: read again from {uri}, which has not changed"
    about = f"data: as it was read then; {moved} since" if moved else f"data: as it was read then; {uri} is unchanged"
    kept = raw.fetched(folder, ["raw"]) if "://" in raw.root else raw
    return kept.path("raw"), about


def _config(recipe: VersionRecipe) -> UseCase:
    from pydantic import ValidationError

    try:
        return recorded(recipe.config)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise SwitchyardError(
            f"this code cannot read the recorded config ({key}): check out the commit that made the version"
        ) from error


def _fingerprint(config: UseCase) -> str | None:
    """Of the source today; None if it cannot be read."""
    try:
        return kind_of(config.task).data().look(config.data, ROOT).fingerprint
    except (SwitchyardError, OSError):
        return None


def _read_again(config: UseCase, folder: Path) -> str:
    raw, _ = kind_of(config.task).data().ingest(Recipes.of(config).ingest, ROOT, folder)
    return raw.path("raw")


def _put_base(use_case: str, base: Base, folder: Path) -> None:
    """The version whose network it is, and what that was trained on: a retraining finds both in the folder."""
    model = load_version(use_case, base.version)
    if model.metadata["sha256"] != base.sha256:
        raise SwitchyardError(f"{use_case} version {base.version} is not the file that was indexed")
    model.write(folder / "base")
    if seen := training_rows_of(use_case, base.network):
        seen.write(folder / "base")


def _make(folder: Path, recipe: VersionRecipe, raw: str, code: Code) -> None:
    """In a process of its own, where the code is."""
    asked = {"config": recipe.config, "candidate": recipe.candidate, "raw": raw}
    (folder / "recipe.json").write_text(json.dumps(asked), encoding="utf-8")
    path = os.pathsep.join(each for each in (str(code.root), os.environ.get("PYTHONPATH")) if each)
    ended = subprocess.run(
        [sys.executable, "-m", "switchyard.retrain", str(folder)],
        cwd=code.root,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0 or not (folder / "model.onnx").is_file():
        lines = ended.stderr.strip().splitlines() or [f"the process ended with exit code {ended.returncode}"]
        raise SwitchyardError(f"making it again failed: {lines[-1]}", details=lines[-20:-1])


def _verdict(use_case: str, version: int, recipe: VersionRecipe, folder: Path, code: Code) -> int:
    content = (folder / "model.onnx").read_bytes()
    sha256, recorded = hashlib.sha256(content).hexdigest(), recipe.model.sha256
    if sha256 == recorded:  # the metadata in the graph has the digests of what lies beside it
        print(f"The same bytes: SHA-256 {sha256}.")
        return SAME
    print(f"Other bytes: SHA-256 {sha256} instead of {recorded}.")
    for line in _explained(use_case, version, OnnxModel.of_folder(folder), folder):
        print(f"  {line}")
    if not code.is_recorded:
        print("  the code is not the code it was made with, which may be the reason")
    return OTHER


def _explained(use_case: str, version: int, again: OnnxModel, folder: Path) -> list[str]:
    import polars as pl

    from switchyard.model.difference import differences, largest_difference

    try:
        model = load_version(use_case, version)
    except SwitchyardError as error:
        return [f"the two files cannot be compared: {error}"]
    found = differences(model.content, again.content)
    lines = [
        f"{'first difference' if not position else 'then'}: {each}" for position, each in enumerate(found[:_SHOWN])
    ]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN:,} more")
    unit = kind_of(model.metadata["task"]).data().UNIT
    rows = pl.read_parquet(folder / "split" / "test.parquet")
    apart = largest_difference(model, again, rows)
    if apart is not None:
        lines.append(f"answers to {len(rows):,} test {unit}s differ by up to {apart:.3g}")
    return lines
