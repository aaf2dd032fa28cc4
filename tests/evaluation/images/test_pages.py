"""The pages of image models in a browser: nothing serious for axe-core, no errors, and they fit a telephone."""

import html

import pytest

from switchyard.config.images import ImageReporting, ImageRobustness
from switchyard.config.recipes import ImageEvaluate
from switchyard.config.sections import Metrics
from switchyard.evaluation.gates.judge import judge, sentence
from switchyard.evaluation.images.evaluate import evaluate
from switchyard.evaluation.report.page import to_html
from tests.evaluation.report.test_accessibility import DARK, LIGHT, axe, findings
from tests.fixtures.brightness import classifier, retrieval, table
from tests.fixtures.browser import browse, needs_chromium, outside

__all__ = ["axe"]


@pytest.fixture(scope="module")
def pages():
    """By task."""
    train = table(90, 0)
    made = {}
    for model, classes in ((classifier(), "abc"), (retrieval(train), "abcd")):
        parts = {"validation": table(40, 1).lazy(), "test": table(80, 2, classes).lazy(), "train": train.lazy()}
        perturbed = ImageRobustness(rotation=(5, 15))
        recipe = ImageEvaluate.model_construct(
            metrics=Metrics(primary="accuracy", bootstrap=50), evaluation=ImageReporting(robustness=perturbed), seed=1
        )
        report = evaluate([model], **parts, recipe=recipe).report
        gates = judge({"accuracy": ">= 0.99", "classes.a.recall": ">= 0.5"}, report)
        made[model.metadata["task"]] = to_html(report, gates, sentence(gates))
    return made


TASKS = ["image_classification", "image_retrieval"]


@needs_chromium
@pytest.mark.parametrize(("width", "look"), [(1200, LIGHT), (390, DARK)])
@pytest.mark.parametrize("task", TASKS)
def test_axe_has_no_serious_findings(axe, pages, tmp_path, task, width, look):
    found = findings(pages[task], axe, tmp_path, width, look)
    assert found["passes"] > 10
    assert [each for each in found["violations"] if each[0] not in ("minor", "moderate")] == []


@needs_chromium
@pytest.mark.parametrize("task", TASKS)
def test_a_page_fits_a_telephone_without_an_error_and_without_the_network(pages, tmp_path, task):
    measure = (
        "const r = f.contentDocument.documentElement; document.title = r.scrollWidth > r.clientWidth ? 'wide' : 'fits'"
    )
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" width="390" height="800" style="border: 0" srcdoc="{html.escape(pages[task])}"></iframe>'
        f"<script>const f = document.getElementById('f'); f.onload = () => {{ {measure} }}</script>"
    )
    dom, console, wanted = browse(frame.as_uri(), tmp_path / "profile", "--dump-dom")
    assert "<title>fits</title>" in dom
    assert console == []
    assert outside(wanted) == []
