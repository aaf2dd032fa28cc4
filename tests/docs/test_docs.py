"""The documentation keeps up with the project: its links, its paths, its navigation and the messages it quotes.

Nothing here needs MkDocs; `make docs` builds the site and has checks of its own.
"""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "stacks" / "kubernetes" / "README.md",
    *sorted(DOCS.rglob("*.md")),
]
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
# A path in backticks begins with one of these, or is a file at the top of the repository.
FOLDERS = "switchyard|steps|stacks|pipelines|runs|commands|tests|rehearsal|bench|configs|data|docs|\\.ci"
PATH = re.compile(
    rf"(?<![\w/.-])((?:{FOLDERS})/[\w./-]*[\w/]|[\w.-]+\.(?:md|toml|lock|yml|yaml|py)|Makefile)(?![\w/:*-])"
)
# Placeholders of the manual, and files that its readers make.
MADE_BY_READERS = re.compile(
    r"(^|/)(NAME|YOUR|FILE|KIND)\b|^configs/tumours\.yaml$|^\.env$|^titanic\.yaml$|^MODEL_CARD\.md$|^model_card\.md$"
)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", text_of(page))


def names(pages: list[Path]) -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages]


def anchors_of(page: Path) -> set[str]:
    """The anchors of the headings that a code host and MkDocs agree on."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE):
        plain = re.sub(r"`|\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        kept = re.sub(r"[^\w\s-]", "", plain).strip().lower()
        on_host, on_site = kept.replace(" ", "-"), re.sub(r"[-\s]+", "-", kept)
        if on_host == on_site:
            found.add(on_site)
    return found


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_internal_link_leads_to_a_file_and_a_heading(page):
    broken = []
    for link in (first or second for first, second in LINK.findall(prose_of(page))):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        file = Path(os.path.normpath(page.parent / target)) if target else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(link)

    assert broken == []


def exists(path: str) -> bool:
    """At the place named; a bare file name may be anywhere in the repository."""
    if "/" in path:
        return (ROOT / path).exists()
    return path in all_names()


@cache
def all_names() -> set[str]:
    found = {path.name for path in ROOT.iterdir()}
    for folder in re.sub(r"\\", "", FOLDERS).split("|"):
        found |= {path.name for path in (ROOT / folder).rglob("*") if path.is_file()}
    return found


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_path_named_in_the_docs_exists(page):
    quoted = re.findall(r"`([^`\n]+)`", prose_of(page))
    named = {path for text in quoted for path in PATH.findall(text)}
    started = set(re.findall(r"python ((?:bench|data|\.ci)/[\w./-]+\.py)", text_of(page)))

    gone = [path for path in sorted(named | started) if not MADE_BY_READERS.search(path) and not exists(path)]

    assert gone == []


def generated_pages() -> dict[str, str]:
    """`PAGES` of the site's hooks: files outside docs/ that the site has, too."""
    for node in ast.parse(text_of(ROOT / ".ci" / "site_hooks.py")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES":
            return ast.literal_eval(node.value)
    raise AssertionError("no PAGES in .ci/site_hooks.py")


def leaves(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    return [leaf for each in (nav.values() if isinstance(nav, dict) else nav) for leaf in leaves(each)]


def test_the_navigation_has_every_page_once():
    listed = leaves(yaml.safe_load(text_of(ROOT / "mkdocs.yml"))["nav"])

    written = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert sorted(listed) == sorted([*written, *generated_pages().values()])


def test_every_page_from_outside_the_docs_exists():
    assert [source for source in generated_pages() if not (ROOT / source).is_file()] == []


def test_every_module_of_the_api_pages_exists():
    modules = [name for page in (DOCS / "api").glob("*.md") for name in re.findall(r"^::: (\S+)", text_of(page), re.M)]

    gone = [name for name in modules if not any((ROOT / f"{name.replace('.', '/')}{end}").is_file() for end in ENDS)]

    assert modules
    assert gone == []


ENDS = (".py", "/__init__.py")


def test_every_decision_is_on_the_index_page():
    pages = {page.name for page in (DOCS / "decisions").glob("*.md")} - {"index.md"}

    assert set(re.findall(r"\]\(([\w-]+\.md)\)", text_of(DOCS / "decisions" / "index.md"))) >= pages
    assert pages


def messages() -> list[str]:
    """What the page on troubleshooting quotes from the program: the first cell of each row, in backticks."""
    rows = re.findall(r"^\| (`.*?`) \|", text_of(DOCS / "troubleshooting.md"), re.MULTILINE)
    return [message for row in rows for message in re.findall(r"`([^`]+)`", row)]


@cache
def program() -> str:
    """All text in the program's code, with `…` for whatever is filled in."""
    found = [text_of(ROOT / ".ci" / "venv")]
    for folder in ("switchyard", "steps", "stacks", "pipelines", "runs", "commands"):
        for file in (ROOT / folder).rglob("*.py"):
            found += literals(ast.parse(text_of(file)))
    return "\n".join([*found, *literals(ast.parse(text_of(ROOT / "run.py")))])


def literals(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
            found.append("".join(parts))
    return found


@pytest.mark.parametrize("message", messages())
def test_every_quoted_message_is_one_of_the_program(message):
    pieces = [piece.strip() for piece in message.replace("\\|", "|").split("…")]

    missing = [piece for piece in pieces if len(piece) > 3 and piece not in program()]

    assert missing == []
    assert any(len(piece) > 3 for piece in pieces)
