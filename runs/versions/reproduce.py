"""`python run.py reproduce VERSION`: made again from what is on record: are the bytes the same?"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from runs.versions.code_of import Code, code_of
from steps.registry.version_record import raw_of, recipe_of, version_named
from steps.registry.versions import load_version, training_rows_of
from switchyard.config.images import AnyConfig
from switchyard.config.loading import recorded
from switchyard.errors import SwitchyardError
from switchyard.lineage import lock_sha256, machine
from switchyard.model.environment import versions
from switchyard.model.onnx_model import OnnxModel
from switchyard.project import ROOT
from switchyard.tasks.data import data_steps

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
            f"{use_case} version {version}: what it was made from is not on record; it was registered before that was "
            "kept, or the record is gone from the artifact store"
        )
    base = recipe.get("base")
    how = f", the network of version {base['version']} with another gallery" if base else ""
    print(
        f"{use_case} version {version}, candidate {recipe['candidate']}{how}, made by run {recipe['run']}", flush=True
    )
    with TemporaryDirectory(prefix="switchyard-reproduce-") as name, code_of(recipe, ROOT, here) as code:
        folder = Path(name)
        data = _data(use_case, version, recipe, folder)
        for line in [code.told, *_today(recipe), data.pop("told")]:
            print(f"  {line}", flush=True)
        if base:
            _put_base(use_case, base, folder)
        _make(folder, recipe, data["raw"], code)
        return _verdict(use_case, version, recipe, folder, code)


def _today(recipe: dict[str, Any]) -> list[str]:
    """Lock, packages and machine, then and now: a line each."""
    lock = "the same" if lock_sha256(ROOT) == recipe.get("lock_sha256") else "not the same as then"
    then, now = recipe["model"].get("versions") or {}, versions()
    changed = [
        f"{name} {now.get(name, 'none')} instead of {each}" for name, each in then.items() if now.get(name) != each
    ]
    lines = [f"lock: {lock}", f"packages: {', '.join(changed) or 'the same'}"]
    before, after = recipe.get("machine") or {}, machine()
    moved = [
        f"{after[key]} instead of {before[key]}" for key in ("platform", "processor") if before.get(key) != after[key]
    ]
    return [*lines, f"machine: {', '.join(moved) or 'the same'}"]


def _data(use_case: str, version: int, recipe: dict[str, Any], folder: Path) -> dict[str, str]:
    """Where the rows are that it was made from, and what to say of them.

    They were kept as they were read. If they are gone, the source will do, as long as its fingerprint is that of then.
    """
    config, then = _config(recipe), recipe["data"]["fingerprint"]
    now = _fingerprint(config)
    moved = f"{config.data.uri} {'has changed' if now else 'cannot be read'}" if now != then else ""
    try:
        raw = raw_of(use_case, version)
    except SwitchyardError as gone:
        if moved:
            raise SwitchyardError(f"{gone}, and {moved} since: there is nothing to make it from") from gone
        return {"raw": _read_again(config, folder), "told": f"data: read again from {config.data.uri}, unchanged"}
    told = (
        f"data: as it was read then; {moved} since"
        if moved
        else f"data: as it was read then, {config.data.uri} is the same"
    )
    if "://" not in raw.root:
        return {"raw": raw.path("raw"), "told": told}
    return {"raw": raw.fetched(folder, ["raw"]).path("raw"), "told": told}


def _config(recipe: dict[str, Any]) -> AnyConfig:
    from pydantic import ValidationError

    try:
        return recorded(recipe["config"])
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise SwitchyardError(
            f"the recorded config is not one that this code reads ({key}): go back to the commit it was made with"
        ) from error


def _fingerprint(config: AnyConfig) -> str | None:
    """Of the source today; None if it cannot be read."""
    try:
        return data_steps(config.task).look(config.data, ROOT).fingerprint
    except (SwitchyardError, OSError):
        return None


def _read_again(config: AnyConfig, folder: Path) -> str:
    raw, _ = data_steps(config.task).ingest(config.data, "", ROOT, folder)
    return raw.path("raw")


def _put_base(use_case: str, base: dict[str, Any], folder: Path) -> None:
    """The version whose network it is, and what that was trained on: a retraining finds both in the folder."""
    model = load_version(use_case, base["version"])
    if model.metadata["sha256"] != base["sha256"]:
        raise SwitchyardError(f"{use_case} version {base['version']} is not the file that it was")
    model.write(folder / "base")
    if seen := training_rows_of(use_case, base["network"]):
        seen.write(folder / "base")


def _make(folder: Path, recipe: dict[str, Any], raw: str, code: Code) -> None:
    """In a process of its own, where the code is."""
    asked = {"config": recipe["config"], "candidate": recipe["candidate"], "raw": raw}
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
        lines = ended.stderr.strip().splitlines() or [f"it ended with {ended.returncode}"]
        raise SwitchyardError(f"it could not be made again: {lines[-1]}", details=lines[-20:-1])


def _verdict(use_case: str, version: int, recipe: dict[str, Any], folder: Path, code: Code) -> int:
    content = (folder / "model.onnx").read_bytes()
    sha256, recorded = hashlib.sha256(content).hexdigest(), recipe["model"]["sha256"]
    if sha256 == recorded:  # the metadata in the graph has the digests of what lies beside it
        print(f"The same bytes: SHA-256 {sha256}.")
        return SAME
    print(f"Other bytes: SHA-256 {sha256} instead of {recorded}.")
    for line in _explained(use_case, version, OnnxModel.of_folder(folder), folder):
        print(f"  {line}")
    if not code.is_recorded:
        print("  the code is not what it was made with, which may be why")
    return OTHER


def _explained(use_case: str, version: int, again: OnnxModel, folder: Path) -> list[str]:
    import polars as pl

    from switchyard.model.difference import differences, largest_difference

    try:
        model = load_version(use_case, version)
    except SwitchyardError as error:
        return [f"what differs cannot be said: {error}"]
    found = differences(model.content, again.content)
    lines = [
        f"{'first difference' if not position else 'then'}: {each}" for position, each in enumerate(found[:_SHOWN])
    ]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN:,} more")
    unit = data_steps(model.metadata["task"]).UNIT
    rows = pl.read_parquet(folder / "split" / "test.parquet")
    apart = largest_difference(model, again, rows)
    if apart is not None:
        lines.append(f"answers to {len(rows):,} test {unit}s differ by up to {apart:.3g}")
    return lines
