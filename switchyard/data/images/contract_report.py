"""What a contract of images measured, in the form of a table's report, with images named by their paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from switchyard.data.contract_report import EXAMPLES, SHOWN, ContractReport, Violation

# What is wrong with so many images, for one and for several, after "3 of 5,000 images".
_WORDS = {
    "formats": ("is of another format than {asked}", "are of other formats than {asked}"),
    "modes": ("has another mode than {asked}", "have other modes than {asked}"),
    "classes": ("is of a class that is none of {asked}", "are of classes that are none of {asked}"),
    "min_width": ("is narrower than {asked} pixels", "are narrower than {asked} pixels"),
    "max_width": ("is wider than {asked} pixels", "are wider than {asked} pixels"),
    "min_height": ("is lower than {asked} pixels", "are lower than {asked} pixels"),
    "max_height": ("is higher than {asked} pixels", "are higher than {asked} pixels"),
    "max_duplicates": (
        "repeats another one byte for byte, and at most {asked} may",
        "repeat another one byte for byte, and at most {asked} may",
    ),
    "max_conflicts": (
        "is in several classes, and at most {asked} may",
        "stand in several classes, and at most {asked} may",
    ),
}


@dataclass(frozen=True)
class ImageReport(ContractReport):
    """What a contract measured; `rows` are the images that can be read.

    Attributes:
        classes: How many images each class has.
        unreadable: Files that could not be read.
    """

    classes: dict[str, int] | None = None
    unreadable: int = 0

    def describe(self, violation: Violation) -> str:
        """One violation in words."""
        return describe(violation, self.rows)

    def sentence(self) -> str:
        """The verdict in one sentence: the first violation in full, the others by name."""
        if self.passed:
            return f"{self.source}: {self.rows:,} images keep all {len(self.checks)} rules of the contract"
        first, *others = self.violations
        text = f"{self.source}: {self.describe(first)}"
        if others:
            names = ", ".join(other.rule for other in others[:EXAMPLES])
            text += f"; {len(others)} more broken: {names}{', …' if len(others) > EXAMPLES else ''}"
        return text

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON can hold it; `validation_report.to_html` shows it."""
        told = super().to_dict() | {"unit": "image", "classes": self.classes or {}, "unreadable": self.unreadable}
        for violation in told["violations"]:  # an image is named by its path, and not by its row
            violation["examples"] = [{"value": each["value"]} for each in violation["examples"]]
        return told


def describe(violation: Violation, images: int) -> str:
    """One violation in words, such as `contract.max_width: 1 of 90 images is wider than 64 pixels (cats/a.png: 80)`."""
    return f"contract.{violation.rule}: {_found(violation, images)}{_shown(violation)}"


def _found(violation: Violation, images: int) -> str:
    count, asked = violation.count, violation.asked
    match violation.rule:
        case "min_images":
            return f"there {_are(count, 'image')}, and at least {asked:,} are asked for"
        case "min_images_per_class":
            return f"{_some(count, 'class has', 'classes have')} fewer than {asked:,} images"
        case "max_unreadable":
            return f"{_some(count, 'file', 'files')} cannot be read, and at most {asked:,} may"
        case "near_duplicates":
            return (
                f"{_some(count, 'pair of images looks', 'pairs of images look')} the same (perceptual hashes at most "
                f"{asked['distance']} bits apart), and at most {asked['max']:,} may"
            )
    words = _WORDS[violation.rule][count != 1].format(asked=", ".join(asked) if isinstance(asked, tuple) else asked)
    return f"{count:,} of {images:,} images {words}"


def _are(count: int, noun: str) -> str:
    return f"is 1 {noun}" if count == 1 else f"are {count:,} {noun}s"


def _some(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _shown(violation: Violation) -> str:
    if not violation.examples:
        return ""
    parts = [_short(example.value) for example in violation.examples]
    return f" ({'; '.join(parts)}{'; …' if violation.count > len(parts) else ''})"


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 3 * SHOWN else f"{text[: 3 * SHOWN]}…"
