"""Text that others wrote, made safe to stand in a Markdown page; the syntax is CommonMark's and GitHub's tables.

A value is shown letter by letter; a person's own text stays Markdown, but ends no section, opens no tag and
leaves no code block open. Used by `model_card`.
"""

from __future__ import annotations

import re

from markupsafe import Markup

# What means something within a line; an underscore inside a word means nothing.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&!]|(?<![^\W_])_|_(?![^\W_])")
_AUTOLINK = re.compile(r"<(?:https?://[^\s<>]+|[\w.+-]+@[\w.-]+)>")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}(#{1,6})(?=\s|$)")
_UNDERLINE = re.compile(r"^( {0,3})(?=(?:=+|-+|(?:- *){3,}|(?:_ *){3,}|(?:\* *){3,})\s*$)")
_BELOW = 3  # a heading of the text's own stands below those of the page


def inline(value: object) -> Markup:
    """A value on one line, as it is: nothing in it is Markdown or HTML."""
    if isinstance(value, Markup):
        return value
    return Markup(_SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(str(value).split())))


def code(value: object) -> Markup:
    """A value as a code span, whatever backticks are in it; in a table a bar ends the cell even there."""
    text = " ".join(str(value).split()).replace("|", "\\|") or " "
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return Markup(f"{ticks}{space}{text}{space}{ticks}")


def block(text: str) -> Markup:
    """A person's own Markdown: lists, emphasis, links and tables stay; headings move down; HTML is shown, not meant."""
    lines: list[str] = []
    fence = ""
    for line in text.strip().splitlines():
        found = _FENCE.match(line)
        if fence:
            if found and found[1].startswith(fence) and line.strip() == found[1]:
                fence = ""
            lines.append(line)
        elif found:
            fence = found[1]
            lines.append(line)
        else:
            lines.append(_line(line))
    return Markup("\n".join([*lines, *([fence] if fence else [])]))


def _line(line: str) -> str:
    if heading := _HEADING.match(line):
        level = min(6, len(heading[1]) + _BELOW - 1)
        line = "#" * level + line[heading.end() :]
    line = _UNDERLINE.sub(r"\1\\", line)
    parts, start = [], 0
    for link in _AUTOLINK.finditer(line):
        parts += [_shown(line[start : link.start()]), link[0]]
        start = link.end()
    return "".join([*parts, _shown(line[start:])])


def _shown(text: str) -> str:
    """Tags as text."""
    return text.replace("<", "&lt;")
