"""A change of production, as the run that made it has recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from switchyard.errors import SwitchyardError

_LATER = ("at", "found_by", "finished", "failed")

Action = Literal["training", "indexing", "release", "rollback", "retire"]


@dataclass(frozen=True)
class Change:
    """What a run wanted to have in production, and since when it was.

    Attributes:
        use_case: The config's name.
        version: What is to serve; None if nothing any more.
        action: Which command.
        reason: Why; of a run that trained or indexed its verdict.
        by: `name`, and where that is known from: `zenml` (the user of a ZenML server) or `os` (of this machine).
        run: The run's name.
        stack: Where it ran.
        asked: When it began to roll out.
        at: When it took effect: the endpoint had answered the smoke test. None: it has not, or died before it knew.
        found_by: The run that found it in effect, if it died before it knew itself; `at` is `asked` then.
        finished: Whether nothing is left to do: the stage and MLflow's aliases have followed.
        failed: Whether it is known not to have taken effect: what was there before stayed, or came back.
    """

    use_case: str
    version: int | None
    action: Action
    reason: str
    by: dict[str, str]
    run: str
    stack: str
    asked: datetime
    at: datetime | None = None
    found_by: str | None = None
    finished: bool = False
    failed: bool = False

    def record(self) -> dict[str, Any]:
        """What is recorded before it takes effect, JSON-able."""
        told = {key: value for key, value in asdict(self).items() if key not in _LATER}
        return {**told, "asked": written(self.asked)}

    @classmethod
    def read(cls, record: dict[str, Any], at: str | None, later: dict[str, Any]) -> Change:
        """The reverse.

        Args:
            record: What was recorded before it took effect.
            at: When it did, if it did.
            later: What else was recorded since, by field.

        Raises:
            SwitchyardError: It was written by another version of the project.
        """
        try:
            asked, moment = datetime.fromisoformat(record["asked"]), datetime.fromisoformat(at) if at else None
            change = cls(**{**record, "asked": asked, "at": moment, **later})
            if change.action not in get_args(Action):
                raise ValueError(f"action {change.action}")
        except (KeyError, TypeError, ValueError) as error:
            raise SwitchyardError(f"a recorded release cannot be read ({error}): another version wrote it") from error
        return change


def now() -> datetime:
    """This moment, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def written(moment: datetime) -> str:
    """As 2026-11-22T10:00:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_order(changes: Sequence[Change]) -> list[Change]:
    """Those that took effect, the oldest first."""
    return sorted((each for each in changes if each.at), key=lambda each: (each.at, each.asked))


def unfinished(changes: Sequence[Change]) -> Change | None:
    """The last change, if nobody knows whether it took effect."""
    last = max((each for each in changes if not each.failed), key=lambda each: each.at or each.asked, default=None)
    return last if last and last.at is None else None
