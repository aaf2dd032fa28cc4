"""The history as `python run.py history --json` prints it; docs/releases.md describes the keys."""

from __future__ import annotations

from typing import ClassVar

from switchyard.lineage import CodeVersion
from switchyard.records import Part, Record
from switchyard.releases.change import Action, Moment, Person


class ToldData(Part):
    """The data of a version; None: unknown."""

    uri: str | None = None
    fingerprint: str | None = None


class ToldPeriod(Part):
    """A time in which one version was in production, or none.

    Attributes:
        version: None if nothing was.
        since: When it started.
        until: When it ended; None if it goes on.
        approximate: Whether `since` is when the change was asked for, because its run crashed.
        action: What started it.
        reason: Why.
        by: Who.
        replaced: The version before.
        run: The run that started it.
        stack: Where that ran.
        found_by: The run that found it in effect, if its own run crashed.
        candidate: What the config calls the model.
        sha256: Of the ONNX file.
        data: What the version was made from.
        code: What it was made with.
        trained_by: The run that made it.
    """

    version: int | None
    since: Moment
    until: Moment | None
    approximate: bool
    action: Action
    reason: str
    by: Person
    replaced: int | None
    run: str
    stack: str
    found_by: str | None
    candidate: str | None = None
    sha256: str | None = None
    data: ToldData
    code: CodeVersion | None = None
    trained_by: str | None = None


class ToldHistory(Record):
    """All periods of a use case, or the one that a moment lies in.

    Attributes:
        use_case: The config's name.
        at: Which moment was asked for, if any.
        in_production: What was in production then, or is now.
        changes: The periods, the oldest first; only the one of the moment if one was asked for.
    """

    WHAT: ClassVar[str] = "the history"

    use_case: str
    at: Moment | None
    in_production: ToldPeriod | None
    changes: tuple[ToldPeriod, ...]
