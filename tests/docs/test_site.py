"""The check of the built site finds whatever a page would load from another host."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / ".ci" / "site.py"


@pytest.fixture(scope="module")
def site():
    spec = importlib.util.spec_from_file_location("built_site", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example.com/a.js"></script>',
        '<link rel="stylesheet" href="//fonts.example.com/css">',
        '<link rel="preconnect" href="https://fonts.example.com">',
        '<img src="http://example.com/a.png">',
        '<p style="background: url(https://example.com/a.png)"></p>',
    ],
)
def test_what_a_page_loads_from_another_host_is_found(site, tmp_path, html):
    page = tmp_path / "page.html"
    page.write_text(html)

    assert len(site.elsewhere(page)) == 1


def test_a_style_sheet_is_looked_through(site, tmp_path):
    sheet = tmp_path / "page.css"
    sheet.write_text('@import "https://example.com/a.css"; p { background: url(../images/a.png) }')

    assert site.elsewhere(sheet) == ["https://example.com/a.css"]


def test_links_and_files_of_the_site_are_no_loads(site, tmp_path):
    page = tmp_path / "page.html"
    page.write_text('<a href="https://example.com">there</a><img src="images/a.png"><script src="a.js"></script>')

    assert site.elsewhere(page) == []
