"""What becomes of a challenger that has passed its gates: the verdict, in words, and what follows from the config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchyard.config.sections import Champion

if TYPE_CHECKING:
    from switchyard.evaluation.tables.comparison import Comparison

PROMOTED, KEPT, REFUSED = "promoted", "champion kept", "refused"


@dataclass(frozen=True)
class Promotion:
    """What happens now.

    Attributes:
        verdict: `promoted`, `champion kept` or `refused`; the last one ends the run with exit code 1.
        reason: One sentence.
    """

    verdict: str
    reason: str


def decide(
    gates: int, version: int, champion: int | None, comparison: Comparison | None, settings: Champion
) -> Promotion:
    """The verdict on a challenger.

    Args:
        gates: How many gates it has passed, which are all of them.
        version: Its number.
        champion: The number of the version in production, if there is one.
        comparison: With that version, unless it is the same.
        settings: What follows if the test finds no difference, or finds the challenger worse.
    """
    passed = "no gates set" if not gates else "the gate passed" if gates == 1 else f"all {gates} gates passed"
    if champion is None:
        return Promotion(PROMOTED, f"{passed}; there was no champion before it")
    if champion == version or comparison is None:
        same = f"version {champion} is the champion already, and these are its very bytes: nothing to compare"
        return Promotion(KEPT, f"{passed}; {same}")
    figures = comparison.sentence()
    if comparison.verdict == "promote":
        return Promotion(PROMOTED, f"{passed}; better than version {champion}: {figures}")
    if comparison.verdict == "keep champion":
        stays = f"version {champion} stays in production, version {version} is registered but not promoted"
        return Promotion(REFUSED if settings.worse == "fail" else KEPT, f"worse than the champion: {figures}; {stays}")
    if settings.too_close == "promote":
        rule = f"champion.too_close is promote, so version {version} takes the place of version {champion}"
        return Promotion(PROMOTED, f"{passed}; too close to call: {figures}; {rule}")
    rule = f"champion.too_close is keep, so version {champion} stays in production"
    return Promotion(KEPT, f"too close to call: {figures}; {rule}")
