"""A change of production, as the run that made it has recorded it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import PlainSerializer

from switchyard.records import Json, Part, Record

_LATER = ("at", "found_by", "finished", "failed")

Action = Literal["training", "indexing", "release", "rollback", "retire"]


def written(moment: datetime) -> str:
    """As 2026-11-22T10:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(written, when_used="json")]


class Person(Part):
    """Who made a change.

    Attributes:
        name: The user's name.
        source: Where that is known from: `zenml` (the user of a ZenML server) or `os` (of the machine).
    """

    name: str
    source: Literal["zenml", "os"]


class Change(Record):
    """What a run wanted to have in production, and since when it was.

    Attributes:
        use_case: The config's name.
        version: What is to serve; None if nothing any more.
        action: Which command.
        reason: Why; of a run that trained or indexed its verdict.
        by: Who asked for it.
        run: The run's name.
        stack: Where it ran.
        asked: When it began to roll out.
        at: When it took effect: the endpoint had answered the smoke test. None: it has not, or its run crashed before
            it could record that.
        found_by: The run that found it in effect, if its own run crashed; `at` is `asked` then.
        finished: Whether nothing is left to do: the stage and MLflow's aliases have followed.
        failed: Whether it is known not to have taken effect: what was there before stayed, or came back.
    """

    WHAT: ClassVar[str] = "a recorded release"

    use_case: str
    version: int | None
    action: Action
    reason: str
    by: Person
    run: str
    stack: str
    asked: Moment
    at: Moment | None = None
    found_by: str | None = None
    finished: bool = False
    failed: bool = False

    def record(self) -> Json:
        """What is recorded before it takes effect."""
        return {key: value for key, value in self.to_json().items() if key not in _LATER}

    @classmethod
    def read(cls, record: Mapping[str, Any], at: str | None, later: Mapping[str, Any]) -> Change:
        """The reverse.

        Args:
            record: What was recorded before it took effect.
            at: When it did, if it did.
            later: What else was recorded since, by field.

        Raises:
            SwitchyardError: Another version of the project wrote it.
        """
        return cls.from_json({**record, "at": at, **later})


def now() -> datetime:
    """This moment, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Those that took effect, the oldest first."""
    return sorted((each for each in changes if each.at), key=lambda each: (each.at, each.asked))


def unfinished(changes: Sequence[Change]) -> Change | None:
    """The last change, if nobody knows whether it took effect."""
    last = max((each for each in changes if not each.failed), key=lambda each: each.at or each.asked, default=None)
    return last if last and last.at is None else None
