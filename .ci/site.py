"""Looks through the built site: nothing in it may be loaded from another host. `make docs` calls this.

MkDocs checks links and navigation itself (`--strict`); whether a page would fetch a font, a script, a style or a
picture from the web it does not know.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "site"
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
_IN_STYLES = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


class _Page(HTMLParser):
    """Collects what a browser would load for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes the address of whatever is loaded; a link that somebody has to click is not."""
        given = dict(attrs)
        if tag == "link" and given.get("rel") != "canonical":
            self.loaded.append(given.get("href") or "")
        elif tag in _LOADED:
            self.loaded.append(given.get(_LOADED[tag]) or "")
        self.loaded += _IN_STYLES.findall(given.get("style") or "")


def elsewhere(file: Path) -> list[str]:
    """The addresses on other hosts that a page or a style sheet loads from.

    Args:
        file: HTML or CSS.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".css":
        return _IN_STYLES.findall(text)
    page = _Page()
    page.feed(text)
    return [address for address in page.loaded if re.match(r"(https?:)?//", address)]


def main() -> int:
    """Prints each address with its page; the exit code is 1 if there is one, or no site."""
    files = sorted([*SITE.rglob("*.html"), *SITE.rglob("*.css")])
    found = [(file, address) for file in files for address in elsewhere(file)]
    for file, address in found:
        print(f"{file.relative_to(SITE)} loads {address}", file=sys.stderr)
    if not found and files:
        print(f"{len(files)} files, and nothing is loaded from another host: open site/index.html")
    return int(bool(found) or not files)


if __name__ == "__main__":
    sys.exit(main())
