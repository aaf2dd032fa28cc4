"""A first config for a user's own images: what `run.py init DATA` does when no target column is named."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from switchyard.config.images import ImageData
from switchyard.config.loading import load
from switchyard.data.images.ingest import ingest
from switchyard.data.images.init.first_guess import guess
from switchyard.data.images.init.guess_text import render
from switchyard.data.images.source import look
from switchyard.errors import InputError


def write_image_config(
    data_uri: str,
    root: Path,
    destination: Path | None = None,
    name: str | None = None,
    force: bool = False,
) -> Path:
    """Read all images once and write a commented config for them, which then runs.

    Args:
        data_uri: As it will stand at `data.uri`.
        root: The folder that relative paths start from.
        destination: The file to write; by default `root/configs/NAME.yaml`.
        name: Of the use case; by default from the last part of the URI.
        force: Whether to overwrite the file.

    Returns:
        The file written.

    Raises:
        InputError: If the images cannot be used, or the file is there already.
    """
    import polars as pl

    use_case = name or _name_of(data_uri)
    path = destination or root / "configs" / f"{use_case}.yaml"
    if path.exists() and not force:
        raise InputError(f"{path} is there already: give --force to overwrite it, or another name with --name.")
    data = ImageData(uri=data_uri)
    with TemporaryDirectory(prefix="switchyard-init-") as scratch:
        try:
            source = look(data, root)
            ingest(source, data, Path(scratch))
        except InputError as error:
            raise InputError(f"{error} (Without --target COLUMN, the data is taken for images.)") from error
        raw, unreadable = (pl.scan_parquet(Path(scratch) / f"{part}.parquet") for part in ("raw", "unreadable"))
        found = guess(raw, unreadable)
    text = render(use_case, source, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.yaml")
    try:
        partial.write_text(text, encoding="utf-8")
        load(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _name_of(data_uri: str) -> str:
    last = data_uri.partition("?")[0].rstrip("/").rsplit("/", 1)[-1].lower()
    stem = re.sub(r"\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz)|parquet|parq|pq|csv|tsv)$", "", last)
    slug = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")
    return (slug if slug[:1].isalpha() else f"images-{slug}".strip("-"))[:41].rstrip("-")
