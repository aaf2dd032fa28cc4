"""A first config for a user's own table: what `run.py init DATA --target COLUMN` does."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from switchyard.config.loading import load_table
from switchyard.config.sections import Data
from switchyard.data.formats import csv_layout
from switchyard.data.formats.reading import scan
from switchyard.data.places.files import instead
from switchyard.data.tables.fetching import readable_paths
from switchyard.data.tables.init.column_profile import find_nulls, profile
from switchyard.data.tables.init.first_guess import guess
from switchyard.data.tables.init.guess_text import render
from switchyard.data.tables.source import explained, inspect, look, sniffed_separator
from switchyard.data.tables.value_checks import check_target
from switchyard.errors import InputError


def write_config(
    data_uri: str,
    target: str,
    root: Path,
    destination: Path | None = None,
    name: str | None = None,
    force: bool = False,
) -> Path:
    """Look at a table and write a commented config for it, which then runs.

    Local files are read in a few streaming passes; so are those of a bucket or the web.

    Args:
        data_uri: As it will stand at `data.uri`.
        target: The column to predict.
        root: The folder that relative paths start from.
        destination: The file to write; by default `root/configs/NAME.yaml`.
        name: Of the use case; by default from the file's name.
        force: Whether to overwrite the file.

    Returns:
        The file written.

    Raises:
        InputError: If the table or the target cannot be used, or the file is there already.
    """
    use_case = name or _name_of(data_uri)
    path = destination or root / "configs" / f"{use_case}.yaml"
    if path.exists() and not force:
        raise InputError(f"{path} is there already: give --force to overwrite it, or another name with --name.")
    text = _config_text(data_uri, target, root, use_case)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.yaml")
    try:
        partial.write_text(text, encoding="utf-8")
        config = load_table(partial)
        inspect(config.data, config.contract, config.task, root, config.features)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _config_text(data_uri: str, target: str, root: Path, use_case: str) -> str:
    data = Data(uri=data_uri, target=target)
    data = data.model_copy(update={"separator": sniffed_separator(data, root)})
    source = look(data, root)
    if target not in source.columns:
        raise InputError(
            f"{source.shown} has no column {target!r}, which --target names{instead(target, source.columns)}."
        )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        paths = stack.enter_context(readable_paths(source, data, folder))
        if source.is_local and source.format == "csv":
            for file in source.files:
                csv_layout.check_utf8(file)
                csv_layout.check_fields(file, data, len(source.columns))
        stack.enter_context(explained(source))
        data = data.model_copy(update={"nulls": find_nulls(paths, source.format, data, source.columns)})
        frame = scan(paths, source.format, data, source.columns, source.storage_options or None)
        check_target(source.shown, frame, target)
        profiles, duplicates = profile(frame)
    return render(use_case, data, source, guess(source.shown, profiles, target, duplicates), profiles[0].rows)


def _name_of(data_uri: str) -> str:
    """A use case's name from the file's, as the config allows it."""
    last = data_uri.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]
    stem = re.sub(r"(\.(csv|tsv|txt|parquet|parq|pq|gz))+$", "", last, flags=re.IGNORECASE).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")
    return (slug if slug[:1].isalpha() else f"table-{slug}".strip("-"))[:41].rstrip("-")
