"""A new section costs a class, a template and a test: here all three come from outside the program."""

from __future__ import annotations

import json

import pytest

from switchyard.config.recipes import TableEvaluate
from switchyard.config.sections import Expectations
from switchyard.errors import InputError
from switchyard.evaluation import section_registry
from switchyard.evaluation.gate_names import Place, numbers
from switchyard.evaluation.gates.judge import check_gates, judge
from switchyard.evaluation.report.page import to_html
from switchyard.evaluation.section import Measurement, Section
from switchyard.evaluation.section_registry import page_sections, register, sections_of
from switchyard.evaluation.tables.evaluate import evaluate
from switchyard.evaluation.tables.gate_schema import Measured, places
from tests.evaluation.tables.test_sections import parts, table

TEMPLATE = """<h2 id="agreement-heading">Agreement</h2>
<p>{{ report.agreement.share|number }}
of {{ report.agreement.rows|count }} {{ unit }}s: {{ section.verdict(report) }}</p>
{{ charts.agreement }}
"""


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """The share of rows with the right answer, as a section called `agreement`."""
    path = tmp_path / "agreement.html"
    path.write_text(TEMPLATE)

    class Agreement(Section):
        key, title, position = "agreement", "Agreement & more", 125
        template = path
        kinds = frozenset({"tables"})
        offers_gates = True

        def measure(self, context):
            right = context.answers.truth == context.answers.predicted
            return Measurement({"share": float(right.mean()), "rows": len(right)}, ("agreement was measured",))

        def gate_schema(self, schema):
            return {self.key: numbers("share", "rows")}

        def describe_gate(self, rest, report):
            return f"{rest} of right answers among {report[self.key]['rows']} {report.unit}s"

        def charts(self, report):
            return {"agreement": "<svg role='img' aria-label='agreement'></svg>"} if report.get(self.key) else {}

        def verdict(self, report):
            return "good" if report[self.key]["share"] > 0.5 else "<bad>"

    monkeypatch.setattr(section_registry, "_REGISTERED", [])
    section = Agreement()
    register(section)
    return section


def report_of(model):
    task, data, contract, features, metrics, reporting = parts("classification")
    recipe = TableEvaluate.model_construct(
        **{"data": data, "task": task, "metrics": metrics, "seed": 1, "contract": contract, "features": features},
        **{"evaluation": reporting, "expectations": Expectations(), "golden_rows": 2},
    )
    rows = {"validation": table(2).lazy(), "test": table(3).lazy()}
    return evaluate([model], **rows, recipe=recipe, train=table(1).lazy()).report


@pytest.fixture
def model(classifier):
    return classifier([[-2.0, 2.0], [0.0, 0.0]], ["no", "yes"])


def test_a_section_from_outside_is_measured_shown_and_gated(outside, model):
    report = report_of(model)
    share = report["test"]["metrics"]["accuracy"]["value"]

    assert json.loads(json.dumps(report))["agreement"] == {"share": share, "rows": 300}
    assert "agreement was measured" in report["warnings"]
    assert report["gated"]["agreement.share"] == share
    page = to_html(report)
    assert '<a href="#slices">Slices</a><a href="#agreement">Agreement &amp; more</a><a href="#fairness">' in page
    assert f"<p>{share:.3f}\nof 300 rows: good</p>\n<svg role='img'" in page
    names = places(Measured(*parts("classification")))
    check_gates({"agreement.share": ">= 0.5"}, names)
    with pytest.raises(InputError, match=r"agreement has nothing called shares: did you mean agreement\.share\?"):
        check_gates({"agreement.shares": ">= 0.5"}, names)
    passed, failed = judge({"agreement.share": ">= 0.5", "agreement.rows": "> 300"}, report)
    assert (passed.passed, failed.passed) == (True, False)
    assert passed.words == "share of right answers among 300 rows"


def test_what_a_section_shows_is_escaped(outside, model):
    report = report_of(model) | {"agreement": {"share": 0.1, "rows": 300}}

    assert "rows: &lt;bad&gt;</p>" in to_html(report)


def test_a_section_of_tables_is_unknown_to_images(outside):
    assert outside in sections_of("tables")
    assert outside not in sections_of("images")


def test_without_it_nothing_is_left(model):
    assert "agreement" not in report_of(model) and "agreement" not in page_sections()


@pytest.mark.parametrize(("key", "position"), [("slices", 999), ("more", 120)])
def test_two_sections_cannot_share_a_key_or_a_position(monkeypatch, tmp_path, key, position):
    monkeypatch.setattr(section_registry, "_REGISTERED", [])
    attributes = {"key": key, "title": "More", "position": position, "template": tmp_path / "more.html"}
    section = type("More", (Section,), attributes)()

    with pytest.raises(ValueError, match="has the key or the position of the section slices"):
        register(section)


@pytest.mark.parametrize("kind", ["tables", "images"])
def test_every_section_has_a_place_of_its_own_and_a_template(kind):
    sections = sections_of(kind)

    assert len(sections) >= 15
    assert len({each.key for each in sections}) == len({each.position for each in sections}) == len(sections)
    for each in sections:
        assert f'<h2 id="{each.key}-heading">' in each.template.read_text()


def test_sections_that_share_a_key_share_what_the_page_shows():
    by_key = {each.key: each for kind in ("tables", "images") for each in sections_of(kind)}

    for kind in ("tables", "images"):
        for each in sections_of(kind):
            other = by_key[each.key]
            assert (each.template, each.title, each.position) == (other.template, other.title, other.position)
            assert type(each).charts is type(other).charts


def test_names_of_gates_are_numbers_or_places():
    for name, place in places(Measured(*parts("classification"))).below.items():
        assert isinstance(place, Place) and (place.is_number or place.below or place.any_name), name
