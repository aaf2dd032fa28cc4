import copy
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from switchyard.config.recipes import TableEvaluate
from switchyard.config.sections import Data, Metrics
from switchyard.evaluation.gates.judge import judge, sentence
from switchyard.evaluation.report.page import folds, number, to_html, with_verdict
from switchyard.evaluation.tables.evaluate import evaluate
from tests.evaluation import whole_report

EVIL = "<script>alert('$x$ & \"y\"')</script>{{ 7 * 7 }}"
VOID = {"meta", "br", "path", "use", "wbr"}


class Page(HTMLParser):
    """Counts tags, collects text and checks that every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


def classification(classifier, classes=("no", "yes"), rows=200, **metadata):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({f"x{i}": rng.normal(size=rows).astype(np.float32) for i in range(2)})
    frame = frame.with_columns(y=pl.Series([classes[i] for i in rng.integers(0, len(classes), rows)]))
    weights = rng.normal(size=(2, len(classes)))
    models = [classifier(weights * scale, list(classes), **{"candidate": f"c{scale}", **metadata}) for scale in (1, 2)]
    return _report(models, frame, "classification", "accuracy")


def regression(regressor):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"x0": rng.normal(size=800).astype(np.float32), "y": rng.normal(size=800)})
    return _report([regressor([0.3])], frame, "regression", "rmse")


def _report(models, frame, task, primary):
    data, metrics = Data(uri="t.csv", target="y"), Metrics(primary=primary, bootstrap=50)
    given = {
        "validation": frame.lazy(),
        "test": frame.lazy(),
        "recipe": TableEvaluate.model_construct(data=data, task=task, metrics=metrics, seed=1),
    }
    return evaluate(models, **given, source={"uri": "data/t.csv", "rows": 1000}).report


def test_a_classification_page_shows_everything(classifier):
    report = classification(classifier)
    gates = judge({"roc_auc": ">= 0.99", "size_mb": "<= 20"}, report)

    page = Page(to_html(report, gates, sentence(gates, "nothing is deployed")))

    assert page.open == []
    assert page.count("svg") == 3  # candidates, ROC, precision-recall
    for words in ("nothing is deployed", "gate roc_auc failed", ">= 0.99", "Confusion matrix", "C = 1", "data/t.csv"):
        assert words in page.text
    for name, found in report["test"]["metrics"].items():
        assert f"{name} {number(found['value'])} {number(found['low'])} to {number(found['high'])}" in page.text
    assert sum(attrs.get("aria-label") == "failed" for _, attrs in page.tags) == 1


DIFFERENCE = {"champion": 0.81, "challenger": 0.8437, "effect": 0.0337, "low": 0.0102, "high": 0.0571, "p": 0.0048}
COMPARISON = {"verdict": "promote", "metric": "roc_auc", "test": "delong", "alpha": 0.05, "rows": 262, "unit": "row"}
PROMOTION = {
    "version": 5,
    "verdict": "promoted",
    "reason": "all 2 gates passed; better than version 3",
    "champion": 3,
    "comparison": {**COMPARISON, "difference": DIFFERENCE},
}


def test_the_verdict_stands_at_the_top_with_both_figures(classifier):
    before = to_html(classification(classifier))

    page = Page(with_verdict(before, PROMOTION))

    assert page.open == []
    assert "Version 5: promoted. All 2 gates passed; better than version 3." in page.text
    assert "roc_auc on 262 test rows challenger, version 5 champion, version 3 difference p" in page.text
    assert "promote 0.844 0.810 0.0337 0.0102 to 0.0571 0.0048" in page.text
    assert "the 95 % interval of the difference" in page.text
    assert page.text.index("Version 5") < page.text.index("Candidates on")
    assert [attrs["class"] for _, attrs in page.tags if attrs.get("id") == "verdict"] == ["card verdict passed"]


@pytest.mark.parametrize("comparison", [None, {**COMPARISON, "difference": {}}])
@pytest.mark.parametrize(("verdict", "look"), [("champion kept", "kept"), ("refused", "failed")])
def test_a_verdict_without_a_comparison_is_a_sentence(classifier, comparison, verdict, look):
    told = {**PROMOTION, "verdict": verdict, "reason": EVIL, "comparison": comparison}

    html = with_verdict(to_html(classification(classifier)), told)

    assert f"Version 5: {verdict}." in Page(html).text
    assert "<script" not in html and "challenger, version" not in html
    assert f'class="card verdict {look}"' in html


def test_a_regression_page_shows_residuals_and_no_confusion(regressor):
    page = Page(to_html(regression(regressor)))

    assert page.count("svg") == 3  # candidates, residuals, predicted against true
    assert "Residuals" in page.text and "Confusion" not in page.text and "gate" not in page.text


def test_many_classes_have_a_legend(classifier):
    page = Page(to_html(classification(classifier, ("red", "green", "blue"))))

    assert sum(attrs.get("class") == "legend" for _, attrs in page.tags) == 2
    assert page.text.count("red green blue") >= 3


def test_very_many_classes_have_a_page_that_can_be_read(classifier):
    html = to_html(classification(classifier, [f"class {number}" for number in range(60)], rows=600))

    page = Page(html)
    assert "With 60 classes the confusion matrix is left out" in page.text
    assert "the first 10 of 60 classes" in page.text
    assert len(html) < 400_000


@pytest.mark.parametrize("part", ["classification", "regression"])
def test_nothing_is_fetched_and_the_page_is_small(classifier, regressor, part):
    html = to_html(classification(classifier) if part == "classification" else regression(regressor))

    assert len(html.encode()) < 300_000
    assert not re.search(r"<(script|link|img|iframe|object)|@import|\bsrc=|url\((?!#)", html)
    assert not re.search(r'href="(?!#)', html)


def test_references_inside_the_charts_are_kept(classifier):
    html = to_html(classification(classifier))

    asked = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', html))
    assert asked
    assert all(f'id="{one or other}"' in html for one, other in asked)


def test_charts_take_the_colours_of_the_page(classifier, regressor):
    for html in (to_html(classification(classifier)), to_html(regression(regressor))):
        charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
        used = set(re.findall(r"var\(--([\w-]+)\)", charts))
        assert used >= {"muted", "rule", "series-0"}
        assert all(html.count(f"--{name}:") == 2 for name in used)  # light and dark
        assert "fill: #" not in charts and "stroke: #" not in charts.replace("stroke: #000000", "")


def test_the_same_report_gives_the_same_bytes_in_another_process(classifier, tmp_path):
    import json

    report = classification(classifier)
    (tmp_path / "report.json").write_text(json.dumps(report))
    code = (
        "import json, sys, pathlib; from switchyard.evaluation.report.page import to_html; "
        "sys.stdout.buffer.write(to_html(json.loads(pathlib.Path(sys.argv[1]).read_text())).encode())"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "report.json")]
    other = subprocess.run(
        argv, env={"PYTHONHASHSEED": "5", "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True
    )

    assert other.stdout == to_html(report).encode()


def test_whatever_the_user_named_is_escaped(classifier):
    report = classification(classifier, (EVIL, "b"), candidate=EVIL, params={EVIL: EVIL}, cv={EVIL: EVIL}, name=EVIL)
    report = copy.deepcopy(report)
    report["data"]["source"] = {EVIL: EVIL, "list": [EVIL]}
    report["warnings"] = [EVIL]
    report["data"]["target"] = EVIL
    gates = judge({"roc_auc": ">= 0.99"}, report)

    html = to_html(report, gates, EVIL)

    assert "<script" not in html and "49" not in Page(html).text.replace("0.49", "")
    page = Page(html)
    assert page.open == []
    assert EVIL in page.text


def test_a_name_with_dollars_is_no_formula(classifier):
    html = to_html(classification(classifier, candidate="$x^2$"))

    assert ">$x^2$<" in "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))


def test_undefined_figures_are_a_dash_with_the_reason(classifier):
    report = classification(classifier)
    nothing = {"value": None, "low": None, "high": None}
    report["test"]["metrics"]["roc_auc"] = nothing
    report["undefined"] = {"roc_auc": "no row is of class yes"}
    report["test"]["roc"] = {"yes": None}
    report["test"]["pr"] = {"yes": None}

    page = Page(to_html(report))

    assert "roc_auc \N{EN DASH} no row is of class yes" in page.text
    assert page.count("svg") == 1


def test_a_model_that_answers_nan_has_a_page(classifier):
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"x0": rng.normal(size=40).astype(np.float32), "y": ["a", "b"] * 20})

    page = Page(to_html(_report([classifier([[np.nan, 0.0]], ["a", "b"])], frame, "classification", "roc_auc")))

    assert "the model answers NaN or infinity for some rows" in page.text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0.000"),
        (0.8471, "0.847"),
        (-0.5, "-0.500"),
        (2009.33, "2,009"),
        (26.585, "26.59"),
        (3e-7, "3e-07"),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_cross_validation_on_one_line_whatever_the_card_says():
    whole = {"metric": "roc_auc", "mean": 0.85131, "std": 0.01926, "folds": [0.83, 0.87, 0.85]}

    assert folds(whole) == "roc_auc 0.851 ± 0.0193 in 3 folds"
    assert folds({"mean": 0.5, "std": 0.0}) == "0.500 ± 0.000"
    assert folds({"score": 1}) == '{"score": 1}'
    assert folds(None) == "\N{EN DASH}"


WHOLE = {"classification": whole_report.classification, "regression": whole_report.regression}


@pytest.mark.parametrize("task", list(WHOLE))
def test_every_section_is_on_the_page_and_in_the_navigation(task):
    page = Page(to_html(WHOLE[task]()))

    assert page.open == []
    sections = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    links = [attrs["href"][1:] for tag, attrs in page.tags if tag == "a" and attrs["href"] != "#top"]
    of_task = {
        "classification": {"curves", "calibration", "confusion", "thresholds", "fairness"},
        "regression": {"residuals"},
    }[task]
    common = {"metrics", "candidates", "slices", "importances", "explanations", "robustness", "stability"}
    assert set(sections) == of_task | common | {"expectations", "resources", "hyperparameters", "data"}
    assert links[: len(sections)] == sections
    assert set(links) <= set(sections)


@pytest.mark.parametrize("task", list(WHOLE))
def test_a_section_that_is_absent_leaves_no_trace(task):
    report = WHOLE[task]()
    for name in ("slices", "importances", "explanations", "robustness", "stability", "expectations", "training"):
        del report[name]
    for name in ("calibration", "thresholds", "fairness", "deciles", "contract"):
        report.pop(name, None)
    for each in report["candidates"]:
        del each["training"]

    page = Page(to_html(report))

    absent = ("slices", "importances", "explanations", "robustness", "stability", "expectations", "fairness")
    assert not {attrs.get("id") for _, attrs in page.tags} & {*absent, "calibration", "thresholds"}
    assert "worst slice" not in page.text and "Contract" not in page.text and "decile" not in page.text


def test_the_worst_slice_stands_at_the_top_and_small_ones_last():
    page = Page(to_html(whole_report.classification()))

    assert "worst slice: sex*pclass: male*3rd 0.600" in page.text
    table = page.text[page.text.index("7 groups, the worst by roc_auc first") :]
    names = ["sex*pclass: male*3rd", "sex: male", "sex: female", "age: q2", "age: q1", "age: missing", "female*1st"]
    places = [table.index(name, table.index("slice rows accuracy")) for name in names]
    assert places == sorted(places)
    assert table.count(" small ") == 3  # two rows, and the sentence that counts them
    worse = [tag for tag, attrs in page.tags if attrs.get("class") == "worse"]
    assert len(worse) == 2


def test_of_errors_the_largest_is_the_worst_slice():
    page = Page(to_html(whole_report.regression()))

    assert "worst slice: cut: Fair 720" in page.text
    assert page.text.index("cut: Fair 321") < page.text.index("cut: Good 981") < page.text.index("cut: Ideal 4,310")


def test_failed_gates_and_expectations_come_first_with_their_words():
    report = whole_report.classification()
    gates = judge({"roc_auc": ">= 0.8", "slices.age.q1.roc_auc.low": ">= 0.9"}, report)

    page = Page(to_html(report, gates))

    words = "lower end of the interval of roc_auc of the 60 test rows where age is 0.2 to 21"
    assert f"slices. age. q1. roc_auc. low {words} 0.8 >= 0.9" in page.text
    assert page.text.index("slices. age. q1") < page.text.index("roc_auc 0.847")
    assert "1 of 2 hold" in page.text
    assert page.text.index("older is no safer") < page.text.index("a lady in first class")
    assert "3 break it sex = male, age = 30 answered 0.31, expected at least 0.33" in page.text


def test_contributions_of_a_row_are_told_by_size_with_their_sign():
    page = Page(to_html(whole_report.classification()))

    assert "Score 0.920 for survived true: survived; mean score 0.380 column moves by sex female +0.440" in page.text
    assert "age \N{EN DASH} +0.130 parch 0 -0.03" in page.text
    widths = [attrs["style"] for tag, attrs in page.tags if attrs.get("class") in ("up", "down")]
    assert widths[0] == "--width: 50.0%"


@pytest.mark.parametrize("task", list(WHOLE))
def test_figures_without_a_value_are_drawn_as_dashes(task):
    def emptied(value):
        if isinstance(value, dict):
            if {"value", "low", "high"} <= value.keys():
                return {"value": None, "low": None, "high": None, "n": 0}
            return {key: emptied(each) for key, each in value.items()}
        return value

    report = {name: emptied(each) for name, each in WHOLE[task]().items()}
    report["candidates"] = [emptied(each) for each in report["candidates"]]

    page = Page(to_html(report))

    assert page.open == []
    assert "worst slice" not in page.text and "\N{EN DASH}" in page.text


@pytest.mark.parametrize("task", list(WHOLE))
def test_whatever_the_data_holds_is_escaped_in_every_section(task):
    def renamed(value):
        if isinstance(value, dict):
            return {names.get(key, key): renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    names = dict.fromkeys(("female", "sex", "sex*pclass", "age", "survived", "Fair", "cut", "price"), EVIL)
    names |= dict.fromkeys(("older is no safer", "male", "boosting", "titanic", "diamonds"), EVIL)
    report = renamed(WHOLE[task]())

    html = to_html(report, judge({"size_mb": "<= 1"}, report))

    assert "<script" not in html
    assert Page(html).open == []
    assert "<b>" not in "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))


@pytest.mark.parametrize("task", list(WHOLE))
def test_charts_have_text_for_who_cannot_see_them_and_tables_can_be_reached_by_keyboard(task):
    page = Page(to_html(WHOLE[task]()))

    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert len(charts) >= 7
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 15 for attrs in charts)
    scrolling = [attrs for _, attrs in page.tags if attrs.get("class", "").startswith("scroll")]
    assert scrolling and all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in scrolling)


LINEAGE = {
    **{"uri": "data/titanic.csv", "fingerprint": "8d2f", "config_sha256": "77", "lock_sha256": "55", "stack": "local"},
    **{
        "code": {"commit": "0f0f", "dirty": True, "sha256": "66"},
        "champion": 3,
        "run": "titanic-1",
        "python": "3.11.7",
    },
}


def test_the_lineage_is_the_last_section_and_in_the_navigation():
    before = to_html(whole_report.classification())

    page = Page(with_verdict(before, PROMOTION, LINEAGE))

    assert page.open == []
    assert [attrs["id"] for tag, attrs in page.tags if tag == "section"][-1] == "lineage"
    assert ("a", {"href": "#lineage"}) in page.tags
    assert "code, commit 0f0f with changes that are not committed code, sha256 66" in page.text
    assert "champion until then version 3" in page.text


def test_code_without_a_repository_has_a_hash_and_the_first_model_no_parent():
    lineage = LINEAGE | {"code": {"commit": None, "dirty": None, "sha256": "66"}, "champion": None, "uri": EVIL}

    page = Page(with_verdict(to_html(whole_report.classification()), PROMOTION, lineage))

    assert "commit" not in page.text[page.text.index("config, sha256") :]
    assert "champion until then none" in page.text and EVIL in page.text
