"""What the project writes down and reads again later, as frozen pydantic models with a version number in their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from switchyard.errors import SwitchyardError

Json = dict[str, JsonValue]


class Part(BaseModel):
    """A part of a record: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> Json:
        """As JSON has it: plain dictionaries, lists, strings and numbers."""
        return self.model_dump(mode="json")


class Record(Part):
    """A record of its own.

    Attributes:
        WHAT: What it is, for errors.
        format: Raised by one when the meaning of a key changes or a key is gone, so that no old record is misread.
    """

    WHAT: ClassVar[str]

    format: Literal[1] = 1

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Reads what `to_json` has written.

        Raises:
            SwitchyardError: Another version of the project wrote it.
        """
        try:
            return cls.model_validate(told)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise SwitchyardError(
                f"{cls.WHAT} cannot be read ({key}: {first['msg']}): another version of this project wrote it"
            ) from error
