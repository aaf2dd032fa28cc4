"""The typed report and its JSON: one holds what the other does, and a later form is refused."""

from __future__ import annotations

import json

import pytest

from switchyard.errors import InputError
from switchyard.evaluation.evaluation_report import REPORT_VERSION, EvaluationReport
from tests.evaluation import whole_report


@pytest.mark.parametrize("made", [whole_report.classification, whole_report.regression])
def test_the_json_of_a_report_that_was_read_is_the_json_that_was_read(made):
    before = json.loads(json.dumps(made()))

    after = json.loads(json.dumps(EvaluationReport.of(before).to_json()))

    assert after == before | {"report_version": REPORT_VERSION}
    assert json.loads(json.dumps(EvaluationReport.of(after).to_json())) == after


def test_its_parts_are_typed_and_its_sections_found_by_key():
    report = EvaluationReport.of(whole_report.classification())

    assert report.selection.metric == "roc_auc" and report.selection.higher_is_better
    assert [each.name for each in report.candidates] == ["logistic", "boosting"]
    assert report.data.positive == "survived" and report.data.target_range is None
    assert report.test.residuals is None and report.gates is None
    assert report["stability"]["seeds"] == [1, 2, 3] and report.get("retrieval") is None
    with pytest.raises(KeyError):
        report["retrieval"]


def test_a_report_of_a_later_form_is_refused():
    later = whole_report.classification() | {"report_version": REPORT_VERSION + 1}

    with pytest.raises(InputError, match="the report has the form 2, but this program reads form 1"):
        EvaluationReport.of(later)
