"""What the data steps do with a table; `switchyard.tasks` chooses this module for its tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.data.contract import cast
from switchyard.data.dataset import Dataset
from switchyard.data.source import look
from switchyard.data.validation import Outcome
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from switchyard.config import Contract, Data, Split, Task

__all__ = ["ingest", "preprocess", "require_unchanged", "validate"]


def ingest(data: Data, fingerprint: str, root: Path, folder: Path) -> tuple[Dataset, dict[str, Any]]:
    """See `DataSteps.ingest`; the only part is `raw`."""
    from switchyard.data.ingest import ingest as ingest_source

    source = look(data, root)
    require_unchanged(data.uri, source.fingerprint, fingerprint)
    ingested = ingest_source(source, data, folder)
    facts = {"rows": ingested.rows, "bytes": ingested.bytes, "fingerprint": ingested.fingerprint}
    return Dataset(str(folder), ("raw",)), facts


def require_unchanged(uri: str, found: str, expected: str) -> None:
    """Refuse a source that is not what it was when the run was started.

    Raises:
        SwitchyardError: The fingerprints differ, and one was expected.
    """
    if expected and found != expected:
        raise SwitchyardError(f"{uri} has changed since the run was started; run again to use it as it is now")


def validate(raw: Dataset, data: Data, contract: Contract, source: str, baseline: dict[str, Any] | None) -> Outcome:
    """See `DataSteps.validate`."""
    from switchyard.data.validation import validate as validate_table

    return validate_table(raw.scan("raw"), contract, source=source, target=data.target, baseline=baseline)


def preprocess(
    raw: Dataset, data: Data, contract: Contract, split: Split, task: Task, seed: int, folder: Path
) -> Dataset:
    """See `DataSteps.preprocess`: the contract's types, and the split."""
    from switchyard.data.split import split as split_rows

    return split_rows(cast(raw.scan("raw"), contract), split, data, task, seed, folder)
