"""What axe-core, which knows the rules of accessible pages, has to say of the report: nothing serious."""

from __future__ import annotations

import html
import json
import re
import subprocess
import tarfile

import pytest

from rehearsal.programs import program
from switchyard.evaluation.gates.judge import judge, sentence
from switchyard.evaluation.report.page import to_html
from tests.evaluation import whole_report
from tests.fixtures.browser import browse, needs_chromium

AXE = "axe-core@4.14.1"
GATES = {
    "classification": {"roc_auc": ">= 0.8", "slices.sex.male.roc_auc": ">= 0.7", "calibration.ece": "<= 0.08"},
    "regression": {"rmse": "<= 600", "robustness.noise.loss": "<= 100"},
}
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    fetch = [program("npm"), "pack", AXE]
    fetched = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if fetched.returncode:
        pytest.skip(f"npm could not fetch {AXE}: {fetched.stderr.strip()[-200:]}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        source = packed.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()


def findings(page, axe, folder, width, look):
    """What axe finds in a page of a width, by impact; and how many of its rules the page keeps."""
    # A headless window is at least 500 pixels wide; a frame is as wide as it says.
    run = (
        "axe.run().then(r => parent.tell(r)).catch(e => parent.tell({violations: [{impact: 'error', id: String(e)}]}))"
    )
    checked = page.replace("</body>", f"<script>{axe}</script><script>{run}</script></body>")
    frame = folder / "frame.html"
    told = "{passes: (r.passes || []).length, violations: r.violations.map(v => [v.impact, v.id, html(v.nodes || [])])}"
    tell = (
        "window.html = nodes => nodes.slice(0, 3).map(n => n.html.slice(0, 200));"
        f"window.tell = r => document.getElementById('found').textContent = JSON.stringify({told});"
    )
    frame.write_text(
        f"<pre id='found'></pre><script>{tell}</script>"
        f'<iframe width="{width}" height="900" style="border: 0" srcdoc="{html.escape(checked)}"></iframe>'
    )
    options = ("--dump-dom", "--virtual-time-budget=60000", look, "--window-size=1300,1000")
    dom, _, _ = browse(frame.as_uri(), folder / "profile", *options)
    answer = re.search(r"<pre id=.found.>(.*?)</pre>", dom, re.DOTALL)
    assert answer and answer[1], "axe did not answer"
    return json.loads(html.unescape(answer[1]))


@needs_chromium
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("task", list(GATES))
def test_axe_has_no_serious_findings(axe, tmp_path, task, width, look):
    report = getattr(whole_report, task)()
    gates = judge(GATES[task], report)

    found = findings(to_html(report, gates, sentence(gates)), axe, tmp_path, width, look)

    assert found["passes"] > 10
    assert [each for each in found["violations"] if each[0] not in ("minor", "moderate")] == []


@needs_chromium
def test_axe_finds_grey_on_white(axe, tmp_path):
    page = "<!doctype html><html lang='en'><title>t</title><body><p style='color: #ddd'>grey</p></body></html>"

    assert any(each[1] == "color-contrast" for each in findings(page, axe, tmp_path, 1200, LIGHT)["violations"])
