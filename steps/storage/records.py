"""How records are stored: as `record.json`, which anything can read."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from zenml.enums import ArtifactType
from zenml.materializers.base_materializer import BaseMaterializer

from switchyard.data.disk_full import disk_full_named
from switchyard.records import Record

_FILE = "record.json"


class RecordMaterializer(BaseMaterializer):
    """A `Record`; ZenML keeps beside the artifact which one it is."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Record,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA

    def save(self, data: Record) -> None:
        """Writes it."""
        text = json.dumps(data.to_json(), indent=2, ensure_ascii=False)
        with disk_full_named(self.uri), self.artifact_store.open(f"{self.uri}/{_FILE}", "wb") as file:
            file.write(text.encode())

    def load(self, data_type: type[Any]) -> Record:
        """Reads it back.

        Raises:
            SwitchyardError: Another version of the project wrote it.
        """
        with self.artifact_store.open(f"{self.uri}/{_FILE}", "rb") as file:
            record: Record = data_type.from_json(json.loads(file.read()))
        return record
