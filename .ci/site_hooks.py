"""What MkDocs does not do by itself for the site; `mkdocs.yml` names this file.

Some pages stand outside docs/, where people look for them on a code host (`PAGES`). They are added to the site, and
links among all pages are rewritten to fit. A link to a file of the source code, which the site does not have, becomes
its text. A link to a file that does not exist stays as it is, so that the strict build fails on it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "stacks/kubernetes/README.md": "kubeflow/manifests.md",
}
"""By its path in the repository, where on the site a page from outside docs/ goes."""
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401 - MkDocs' own, whose attributes are its settings
    """Adds the pages from outside docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:  # noqa: ANN401 - likewise
    """Rewrites the links of a page, except in blocks of code."""
    target = PurePosixPath(page.file.src_uri)
    source = next((path for path, name in PAGES.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")
    parts = _FENCE.split(markdown)
    return "".join(part if part.startswith("```") else rewritten(part, PurePosixPath(source), target) for part in parts)


def rewritten(text: str, source: PurePosixPath, page: PurePosixPath) -> str:
    """Text of a page, with links that lead somewhere on the site.

    Args:
        text: Markdown without blocks of code.
        source: The page's path in the repository, which its links start from.
        page: Its path on the site.
    """

    def link(match: re.Match[str]) -> str:
        if ":" in match["target"]:
            return match[0]
        path = os.path.normpath(source.parent / match["target"])
        if not (ROOT / path).exists():
            return match[0]
        on_site = PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else "")
        if not on_site or (ROOT / path).is_dir():
            return match["text"]
        return f"[{match['text']}]({os.path.relpath(on_site, page.parent)}{match['anchor'] or ''})"

    return _LINK.sub(link, text)
