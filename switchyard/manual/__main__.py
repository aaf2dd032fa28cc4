"""`python -m switchyard.manual`: writes docs/config.md and docs/config-images.md anew."""

from __future__ import annotations

from switchyard.manual.pages import PAGES, page
from switchyard.project import ROOT

if __name__ == "__main__":
    for name in PAGES:
        (ROOT / "docs" / name).write_text(page(name), encoding="utf-8")
        print(f"docs/{name} is written.")
