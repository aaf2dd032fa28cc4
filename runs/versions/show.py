"""`python run.py show VERSION`: the report in the browser, the model card on the terminal."""

from __future__ import annotations

import os
import sys
import webbrowser
from pathlib import Path

from zenml.models import ArtifactVersionResponse

from runs.outcome import page_file
from steps.registry.version_record import card_of, page_of
from steps.registry.versions import PRODUCTION, version_named
from switchyard.errors import SwitchyardError


def show(use_case: str, asked: str, only_card: bool = False, browse: bool = True) -> int:
    """Prints the card of a version, and opens its report where there is a display.

    Args:
        use_case: The registered model's name.
        asked: The version's number, or `champion`.
        only_card: Print nothing else, open nothing: for a file.
        browse: Open the report.

    Returns:
        0.

    Raises:
        InputError: There is no such version.
        SwitchyardError: It has no card.
    """
    found = version_named(use_case, asked)
    version = int(found.number)
    card = card_of(use_case, version)
    if only_card:
        if card is None:
            raise SwitchyardError(f"{use_case} version {version}: {_NO_CARD}")
        print(card, end="")
        return 0
    state = "in production" if found.stage == PRODUCTION else found.stage or "registered"
    print(f"{use_case} version {version}, {state}")
    print(_report(use_case, version, page_of(use_case, version), browse))
    print(f"\n{card}" if card else _NO_CARD, end="" if card else "\n")
    return 0


_NO_CARD = (
    "no card: it was registered before cards were kept, its run crashed, or the card is gone from the artifact store"
)


def _report(use_case: str, version: int, page: ArtifactVersionResponse | None, browse: bool) -> str:
    file = _file(use_case, version, page) if page else None
    if file is None:
        return "no report: it is gone from the artifact store"
    if browse and _has_display() and webbrowser.open(file.as_uri()):
        return f"report, opened in your browser: {file}"
    return f"report: {file}"


def _file(use_case: str, version: int, page: ArtifactVersionResponse) -> Path | None:
    try:
        file = page_file(page, f"{use_case}-{version}-evaluation")
    except Exception:  # whatever a store says of a file that is gone
        return None
    return file if file.is_file() else None


def _has_display() -> bool:
    """Without one Python would start a browser for terminals, which takes the terminal over."""
    if os.environ.get("BROWSER") or not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
