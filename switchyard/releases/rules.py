"""Checks what a user asks for against the registry and the history; each refusal is one sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from switchyard.errors import InputError
from switchyard.evaluation.verdict import REFUSED
from switchyard.releases.change import Change, unfinished
from switchyard.releases.history import current, periods, previous
from switchyard.releases.version_facts import VersionFacts


def check_reason(reason: str | None, command: str) -> str:
    """The reason, which is mandatory: the history shows it later.

    Raises:
        InputError: There is none.
    """
    if not reason or not reason.strip():
        raise InputError(f'{command}: give a reason with --reason "…"; the history shows it to whoever asks later')
    return " ".join(reason.split())


def check_release(use_case: str, version: int, registered: Mapping[int, VersionFacts], force: bool) -> None:
    """Whether a version may be released.

    Args:
        use_case: For the sentence.
        version: The one asked for.
        registered: What the registry holds of each version.
        force: Whether it may have been refused.

    Raises:
        InputError: There is no such version, or it has not passed its gates.
    """
    check_known(use_case, version, registered)
    verdict = registered[version].verdict
    if force or verdict not in (REFUSED, None):
        return
    why = (
        f"was refused ({registered[version].reason})" if verdict else "was never judged: its run ended before the gates"
    )
    raise InputError(f"{use_case} version {version} {why}; --force releases it anyway")


def check_known(use_case: str, version: int, registered: Collection[int]) -> None:
    """Whether there is such a version.

    Raises:
        InputError: There is none.
    """
    if version not in registered:
        numbers = sorted(registered)
        span = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else "".join(str(each) for each in numbers)
        have = f"registered: {span}" if numbers else "none is registered yet; a training run registers one"
        raise InputError(f"{use_case} has no version {version}; {have}")


def rollback_target(use_case: str, version: int | None, changes: Sequence[Change], registered: Collection[int]) -> int:
    """The version that a rollback leads to: the one asked for, or the previous champion.

    Raises:
        InputError: There was no champion before, or the one asked for never was one.
    """
    if version is None:
        if (open_end := unfinished(changes)) is not None:
            raise InputError(
                f"{use_case}: run {open_end.run} crashed or is still running, and has not recorded whether it "
                f"{_meant(open_end)}, so the previous version is not known; name it with --version ({_known(changes)})"
            )
        version = previous(changes)
        if version is None:
            now = current(changes)
            have = f"version {now} is its first champion" if now is not None else "no version was ever in production"
            raise InputError(f"{use_case}: there is no previous champion to roll back to; {have}")
    check_known(use_case, version, registered)
    if version not in {each.change.version for each in periods(changes)}:
        raise InputError(
            f"{use_case} version {version} was never in production, so a rollback cannot return to it; "
            f"to release it: python run.py release --config {use_case} --version {version}"
        )
    return version


def _meant(change: Change) -> str:
    return "retired the endpoint" if change.version is None else f"put version {change.version} into production"


def _known(changes: Sequence[Change]) -> str:
    now = current(changes)
    return "nothing was in production before" if now is None else f"version {now} was in production before"
