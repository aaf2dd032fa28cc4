"""What becomes of a challenger that has passed its gates: the verdict, in words, and what follows from the config."""

from __future__ import annotations

from dataclasses import dataclass

from switchyard.config.sections import Champion
from switchyard.evaluation.comparison_plan import Comparison
from switchyard.evaluation.verdict import KEPT, PROMOTED, REFUSED, Verdict


@dataclass(frozen=True)
class Decision:
    """What happens now.

    Attributes:
        verdict: `promoted`, `champion kept` or `refused`; the last one ends the run with exit code 1.
        reason: One sentence.
    """

    verdict: Verdict
    reason: str


def decide(
    gates: int, version: int, champion: int | None, comparison: Comparison | None, settings: Champion
) -> Decision:
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
        return Decision(PROMOTED, f"{passed}; there was no champion before it")
    if champion == version or comparison is None:
        same = f"version {champion} is the champion already, and these are its very bytes: nothing to compare"
        return Decision(KEPT, f"{passed}; {same}")
    figures = comparison.sentence()
    if comparison.verdict == "promote":
        return Decision(PROMOTED, f"{passed}; better than version {champion}: {figures}")
    if comparison.verdict == "keep champion":
        stays = f"version {champion} stays in production, version {version} is registered but not promoted"
        return Decision(REFUSED if settings.worse == "fail" else KEPT, f"worse than the champion: {figures}; {stays}")
    if settings.too_close == "promote":
        rule = f"champion.too_close is promote, so version {version} takes the place of version {champion}"
        return Decision(PROMOTED, f"{passed}; too close to call: {figures}; {rule}")
    rule = f"champion.too_close is keep, so version {champion} stays in production"
    return Decision(KEPT, f"too close to call: {figures}; {rule}")
