"""The artifact store of a stack without a bucket: a folder of this machine."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target


def look(target: Target) -> Finding | None:
    """Writes a file and deletes it."""
    if not target.has("artifact_store", "local"):
        return None
    from zenml.config.global_config import GlobalConfiguration

    place = Path(str(target.settings("artifact_store").get("path") or GlobalConfiguration().local_stores_path))
    existing = next(folder for folder in (place, *place.parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"probe")
    except OSError as error:
        return failed(f"{place} cannot be written to ({error.strerror})", "make room, or correct its permissions")
    return ok(f"{place} can be written to")
