"""Which version was in production from when until when, and what follows from that for the next change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from switchyard.releases.change import Change, in_order


@dataclass(frozen=True)
class Period:
    """A time in which nothing changed.

    Attributes:
        change: What started it.
        replaced: The version before; None if there was none.
        until: When it ended; None if it goes on.
    """

    change: Change
    replaced: int | None
    until: datetime | None

    @property
    def since(self) -> datetime:
        """When the period started."""
        assert self.change.at is not None, "a period begins with a change that took effect"
        return self.change.at


def periods(changes: Sequence[Change]) -> list[Period]:
    """The history, the oldest first; a change to the version that was there already starts no new period."""
    kept: list[Change] = []
    for change in in_order(changes):
        if change.version != (kept[-1].version if kept else None):
            kept.append(change)
    return [
        Period(change, earlier.version if earlier else None, later.at if later else None)
        for earlier, change, later in zip([None, *kept], kept, [*kept[1:], None], strict=False)
    ]


def at(history: Sequence[Period], moment: datetime) -> Period | None:
    """The period that a moment lies in; a period includes its start and excludes its end."""
    return next((each for each in reversed(history) if each.since <= moment), None)


def current(changes: Sequence[Change]) -> int | None:
    """The version in production now."""
    ordered = in_order(changes)
    return ordered[-1].version if ordered else None


def previous(changes: Sequence[Change]) -> int | None:
    """The champion before this one; after a retirement, the one that was retired."""
    now = current(changes)
    return next((each.version for each in reversed(in_order(changes)) if each.version not in (None, now)), None)


def taken_out(changes: Sequence[Change], version: int) -> Change | None:
    """The release or rollback by which a person replaced a version, if that was the last that happened to it."""
    last = next((each for each in reversed(periods(changes)) if version in (each.change.version, each.replaced)), None)
    by_hand = last is not None and last.replaced == version and last.change.action in ("release", "rollback")
    return last.change if last and by_hand else None


def aliases(changes: Sequence[Change], newest: Sequence[int]) -> dict[str, int]:
    """MLflow's aliases.

    Args:
        changes: Of production.
        newest: The registered versions, the newest first.
    """
    champion = current(changes)
    challenger = next((each for each in newest if each != champion), None)
    named = {"champion": champion, "challenger": challenger, "previous": previous(changes)}
    return {alias: version for alias, version in named.items() if version is not None}
