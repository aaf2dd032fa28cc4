"""The report page: everything measured is in it, escaped, and it needs nothing from elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from html.parser import HTMLParser

import polars as pl

from switchyard.config.sections import Contract
from switchyard.data.distribution import ColumnShift
from switchyard.data.tables.contract.contract import check
from switchyard.data.validation_report import to_html

CONTRACT = Contract.model_validate(
    {
        "columns": {
            "<b>age</b>": {"type": "number", "nullable": True, "max": 100},
            "y": {"type": "string", "allowed": ["a", "b"]},
        },
        "table": {"max_duplicate_rows": 0},
    }
)


class Page(HTMLParser):
    """The rows of the tables, the text, and whether tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def report(ages: list, target: list, source: str = "t.csv") -> dict:
    return check(pl.LazyFrame({"<b>age</b>": ages, "y": target}), CONTRACT, "y", source).to_dict()


def test_broken_contract_shows_verdict_rules_and_examples():
    page = Page(to_html(report(["1", "<script>alert(1)</script>", "140", None], ["a", "b", "b", "a & b"])))
    assert page.open == []
    assert page.text.index("The data breaks its contract") < page.text.index("Rules")
    assert ["<b>age</b>", "max", "100", "1", "✗ broken"] in page.rows
    assert ["the table", "max_duplicate_rows", "0", "0", "✓ kept"] in page.rows
    assert ["<b>age</b>", "type", "1", "row 2: <script>alert(1)</script>"] in page.rows
    assert ["y", "allowed", "1", "row 4: a & b"] in page.rows
    assert "script" not in page.tags
    assert "b" not in page.tags


def test_kept_contract_has_no_violations():
    page = Page(to_html(report(["1", "2"], ["a", "b"])))
    assert "The data keeps its contract" in page.text
    assert "Violations" not in page.text
    assert not any("broken" in cell for row in page.rows for cell in row)


def test_distribution_is_a_table_and_a_shift_changes_the_verdict():
    shifts = [ColumnShift("y", "psi", 0.0213, 0.25, True), ColumnShift("<b>age</b>", "ks", 0.5, 0.1, False)]
    page = Page(to_html({**report(["1", "2"], ["a", "b"]), "distribution": [asdict(shift) for shift in shifts]}))
    assert ["y", "psi", "0.0213", "0.25", "✓ kept"] in page.rows
    assert ["<b>age</b>", "ks", "0.5000", "0.1", "✗ broken"] in page.rows
    assert "The data breaks its contract" in page.text


def test_first_run_says_that_it_is_the_baseline():
    assert "recorded as the baseline" in Page(to_html({**report(["1", "2"], ["a", "b"]), "distribution": []})).text


def test_page_needs_nothing_from_elsewhere_and_is_small():
    html = to_html(report(["x" * 100_000, "2"], ["a", "b"]))
    assert not any(word in html for word in ("http:", "https:", "src=", "href=", "url(", "@import"))
    assert len(html) < 20_000
    assert "prefers-color-scheme: dark" in html
