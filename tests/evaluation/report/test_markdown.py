"""What others wrote stands in a metadata as they wrote it; a Markdown parser of its own is the judge."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from switchyard.evaluation.report.markdown import block, code, inline

PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


def text_of(tokens):
    """What a reader sees, and the kinds of everything that is not plain text."""
    parts, kinds = [], set()
    for token in tokens:
        for each in token.children or [token]:
            if each.type in ("text", "code_inline", "fence"):
                parts.append(each.content)
            if each.type not in ("text", "paragraph_open", "paragraph_close", "softbreak"):
                kinds.add(each.type)
    return "".join(parts), kinds


@pytest.mark.parametrize(
    "value",
    [
        "a*b*c",
        "__init__ and _x_",
        "snake_case stays",
        "<script>alert(1)</script>",
        "[text](http://example.org)",
        "![text](x.png)",
        "`tick` and \\ stroke",
        "&lt; is not <",
        "~~gone~~",
        "a|b",
    ],
)
def test_a_value_is_read_letter_by_letter(value):
    text, kinds = text_of(PARSER.parse(f"See {inline(value)}."))

    assert (text, kinds) == (f"See {value}.", set())


@pytest.mark.parametrize("value", ["a", "a`b", "``", "`x", "two\nlines"])
def test_a_code_span_holds_any_value(value):
    text, kinds = text_of(PARSER.parse(f"See {code(value)}."))

    assert (text, kinds) == (f"See {' '.join(value.split())}.", {"code_inline"})


def test_a_bar_ends_no_cell():
    row = f"| {inline('a|b')} | {code('c|d')} | {inline('e')} |"
    tokens = PARSER.parse(f"| x | y | z |\n|---|---|---|\n{row}\n")

    cells = [tokens[index + 1].children for index, token in enumerate(tokens) if token.type == "td_open"]
    assert ["".join(child.content for child in each) for each in cells] == ["a|b", "c|d", "e"]


def test_a_users_own_markdown_stays_what_it_is():
    own = "For **triage** only:\n\n- see <https://example.org/a>\n- or [the manual](https://example.org/b)"

    assert block(own) == own


@pytest.mark.parametrize("own", ["# Model details", "Model details\n===", "Model details\n---", "   ## Model details"])
def test_no_heading_of_the_users_stands_beside_those_of_the_card(own):
    tokens = PARSER.parse(f"## Intended use\n\n{block(own)}\n\n## Factors\n")

    levels = [token.tag for token in tokens if token.type == "heading_open"]
    assert [level for level in levels if level in ("h1", "h2")] == ["h2", "h2"]
    assert "Model details" in text_of(tokens)[0]


@pytest.mark.parametrize("own", ["```\nx = 1", "~~~\n# x\n```", "````\n```\n"])
def test_a_code_block_that_nobody_closed_swallows_nothing(own):
    tokens = PARSER.parse(f"{block(own)}\n\n## Factors\n")

    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2"]
    assert tokens[0].type == "fence"


def test_what_is_in_a_code_block_is_left_alone():
    own = "```sh\n# a comment\ncat <file\n---\n```"

    assert block(own) == own


@pytest.mark.parametrize("own", ["<script>x</script>", "<b>bold", "<!-- open", "a\n<div>\n"])
def test_html_is_shown_and_not_meant(own):
    tokens = PARSER.parse(f"{block(own)}\n\n## Factors\n")

    text, kinds = text_of(tokens)
    assert kinds <= {"heading_open", "heading_close"}
    assert own.split()[0] in text
