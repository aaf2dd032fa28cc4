"""The headings of a model card, whatever the run has to tell; nothing that a name or a value holds changes them."""

from __future__ import annotations

import copy
import json
import shlex

import pytest
from markdown_it import MarkdownIt

from switchyard.evaluation.report.model_card import made_up_row, model_card

# Mitchell et al. 2019, figure 1, in its order.
HEADINGS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]
ESTIMATE = {"value": 0.8125, "low": 0.7031, "high": 0.9042, "n": 262}
NOTHING = {"value": None, "low": None, "high": None}
REPORT = {
    "name": "titanic",
    "task": "classification",
    "unit": "row",
    "best": "forest",
    "selection": {"metric": "roc_auc", "higher_is_better": True, "confidence": 0.95, "resamples": 1000},
    "data": {
        "target": "survived",
        "positive": "survived",
        "classes": ["died", "survived"],
        "rows": {"validation": 261, "test": 262},
        "source": {"uri": "data/titanic.csv", "fingerprint": "fc36"},
    },
    "candidates": [{"name": name, "metrics": {"roc_auc": ESTIMATE}} for name in ("forest", "logistic")],
    "test": {"metrics": {"roc_auc": ESTIMATE, "f1": NOTHING}},
    "gated": {"size_mb": 0.0354, "latency_ms.p95": 0.0446},
    "gates": [{"name": "roc_auc", "measured": 0.8125, "asked": ">= 0.80", "passed": True}],
    "warnings": [],
}
SECTIONS = {
    "calibration": {"ece": ESTIMATE, "bins": []},
    "slices": {
        "sex": {
            "female": {"rows": 93, "small": False, "roc_auc": ESTIMATE},
            "male": {"rows": 9, "small": True, "roc_auc": NOTHING},
        },
        "age": {"q1": {"rows": 60, "small": False, "range": "0 to 21", "roc_auc": ESTIMATE}},
    },
    "fairness": {
        "sex": {
            "groups": {"female": {"rows": 93, "selection_rate": ESTIMATE, "true_positive_rate": ESTIMATE}},
            "selection_rate_difference": {**ESTIMATE, "value": 0.512},
            "equal_opportunity_difference": ESTIMATE,
        }
    },
    "importances": {"sex": {**ESTIMATE, "value": 0.213}},
    "robustness": {"noise": {"roc_auc": ESTIMATE, "loss": 0.0123}},
    "stability": {"seeds": [1, 2], "metric": "roc_auc", "values": [0.8, 0.81], "mean": 0.805, "std": 0.005},
    "expectations": [{"name": "a child", "kind": "row", "passed": False, "measured": 0.4, "asked": None}],
}
RECIPE = {
    "run": "titanic-1",
    "config": {
        "seed": 7,
        "split": {"method": "stratified", "validation": 0.2, "test": 0.2},
        "contract": {
            "columns": {
                "sex": {"type": "string", "allowed": ["female", "male"]},
                "age": {"type": "number", "nullable": True, "min": 0, "max": 100},
                "survived": {"type": "string"},
            }
        },
        "card": {"intended_use": "Teaching.", "owner": "the crew", "license": "CC0"},
    },
    "config_sha256": "c0ffee",
    "model": {
        "type": "random_forest",
        "params": {"max_depth": 7},
        "inputs": [{"name": "sex", "datatype": "BYTES"}, {"name": "age", "datatype": "FP32"}],
        "sha256": "5ha",
        "versions": {"python": "3.11.7"},
    },
    "data": {"uri": "data/titanic.csv", "fingerprint": "fc36", "rows": {"train": 786, "validation": 261, "test": 262}},
    "code": {"commit": "a" * 40, "dirty": True, "sha256": "b" * 64},
    "lock_sha256": "10c4",
    "machine": {"python": "3.11.7", "platform": "Linux x86_64"},
}
DIFFERENCE = {"challenger": 0.8125, "champion": 0.79, "effect": 0.0225, "low": 0.001, "high": 0.044, "p": 0.041}
COMPARISON = {"metric": "roc_auc", "test": "delong", "rows": 262, "verdict": "promote", "difference": DIFFERENCE}
PROMOTED = {"version": 3, "verdict": "promoted", "reason": "the gate passed", "champion": 2, "comparison": COMPARISON}


def parsed(card):
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(card)


def headings(card):
    tokens = parsed(card)
    return [tokens[index + 1].content for index, token in enumerate(tokens) if token.tag == "h2" and token.nesting == 1]


def sections(card):
    """What stands below each of the headings."""
    parts = card.split("\n## ")
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts[1:]}


def rows(section):
    """Each row of a table by its first cell."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {each[0]: each[1:] for each in cells}


def test_it_has_the_usual_headings_in_their_order():
    assert headings(model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED)) == HEADINGS
    assert headings(model_card(REPORT, {}, {"version": 1})) == HEADINGS


def test_the_opening_says_which_version_of_what_and_what_was_decided():
    opening = model_card(REPORT, RECIPE, PROMOTED).partition("\n## ")[0]

    assert opening.startswith("# titanic, version 3\n")
    assert "A classification of `survived`" in opening and "**promoted**: the gate passed." in opening
    assert "nothing has been decided" in model_card(REPORT, RECIPE, {"version": 3})


def test_it_says_where_the_model_comes_from():
    card = sections(model_card(REPORT, RECIPE, PROMOTED))

    details = rows(card["Model details"])
    assert details["kind"] == ["random_forest, candidate `forest`, best of 2 on validation rows"]
    assert details["hyperparameters"] == ["max_depth = 7"]
    assert details["SHA-256 of the file"] == ["5ha"]
    assert details["code"] == [f"commit {'a' * 40}, with changes that were not committed; SHA-256 {'b' * 64}"]
    assert (details["lock, SHA-256"], details["config, SHA-256"]) == (["10c4"], ["c0ffee"])
    assert (details["owner"], details["licence"]) == (["the crew"], ["CC0"])
    assert "`python run.py reproduce 3 --config titanic`" in card["Model details"]
    data = rows(card["Training data"])
    assert (data["source"], data["fingerprint"], data["rows, train"]) == (["data/titanic.csv"], ["fc36"], ["786"])
    assert data["`sex`"] == ["string", "no", "`female`, `male`"]
    assert data["`age`"] == ["number", "yes", "from 0 to 100"]
    assert "262 test rows" in card["Evaluation data"] and "`stratified` split" in card["Evaluation data"]


def test_it_has_the_figures_with_their_intervals():
    card = sections(model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED))["Quantitative analyses"]

    found = rows(card)
    assert found["roc_auc"] == ["0.812", "0.703 to 0.904"]
    assert found["f1"] == ["–", "–"]
    assert found["male, few rows"] == ["9", "–"]
    assert found["q1 (0 to 21)"] == ["60", "0.812 (0.703 to 0.904)"]
    assert found["noise"] == ["0.812 (0.703 to 0.904)", "0.0123"]
    assert found["a child"] == ["0.4", "–", "broken"]
    for each in (
        "calibration error: 0.812 (0.703 to 0.904)",
        "selection rate 0.512 (0.703 to 0.904)",
        "| sex | 0.213 (0.703 to 0.904) |",
        "seeds 1, 2: roc_auc 0.805 ± 0.005",
        "Against version 2, the model in production at the time, on 262 test rows: roc_auc 0.812 and 0.790",
        "p = 0.041 (delong): promote",
    ):
        assert each in card


def test_tables_are_tables():
    tables = [
        token for token in parsed(model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED)) if token.type == "table_open"
    ]

    # details; gates; data and columns; metrics, two slices, fairness, importances, robustness, expectations
    assert len(tables) == 11
    assert "|---" not in "".join(
        token.content
        for token in parsed(model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED))
        if token.type == "inline"
    )


@pytest.mark.parametrize("absent", sorted(SECTIONS))
def test_a_section_that_was_not_measured_is_not_there(absent):
    whole = {**REPORT, **SECTIONS}

    card = model_card({key: value for key, value in whole.items() if key != absent}, RECIPE, PROMOTED)

    assert headings(card) == HEADINGS
    assert len(card) < len(model_card(whole, RECIPE, PROMOTED))
    assert "None" not in card and "undefined" not in card.lower()


def test_what_nobody_wrote_is_not_stated():
    card = sections(model_card(REPORT, {**RECIPE, "config": {**RECIPE["config"], "card": {}}}, PROMOTED))

    for heading in ("Intended use", "Ethical considerations", "Caveats and recommendations"):
        assert card[heading].strip().startswith("Not stated.")
    assert rows(card["Model details"])["owner"] == ["not stated"]


def test_no_name_and_no_text_changes_the_structure():
    wild = "x|y`z`\n## Factors\n<script>alert(1)</script> **b**"
    report, recipe = copy.deepcopy({**REPORT, **SECTIONS}), copy.deepcopy(RECIPE)
    report["data"] |= {"target": wild, "positive": wild, "classes": [wild, "b"]}
    report["slices"] = {wild: {wild: {"rows": 3, "small": True, "range": wild, "roc_auc": ESTIMATE}}}
    report["importances"] = {wild: ESTIMATE}
    report["warnings"] = [wild]
    recipe["config"]["card"] = dict.fromkeys(("intended_use", "caveats", "ethical_considerations", "owner"), wild)
    recipe["config"]["contract"]["columns"][wild] = {"type": "string", "allowed": [wild], "pattern": wild}
    recipe["model"]["inputs"].append({"name": wild, "datatype": "BYTES"})
    recipe["data"]["uri"] = wild
    recipe["model"]["params"] = {"note": wild}

    card = model_card(report, recipe, {**PROMOTED, "reason": wild})

    assert headings(card) == HEADINGS
    tokens = parsed(card)
    inner = [child.type for token in tokens for child in token.children or []]
    assert not [kind for kind in [*inner, *(token.type for token in tokens)] if kind.startswith("html")]


def test_the_request_is_one_that_a_shell_and_a_server_read():
    recipe = copy.deepcopy(RECIPE)
    recipe["config"]["contract"]["columns"]["sex"]["allowed"] = ["it's", "b"]

    card = model_card(REPORT, recipe, PROMOTED)

    command = next(line for line in card.splitlines() if line.startswith("curl"))
    words = shlex.split(command)
    assert words[2] == "$ENDPOINT/v2/models/titanic/infer"
    assert json.loads(words[-1])["inputs"] == [
        {"name": "sex", "shape": [1, 1], "datatype": "BYTES", "data": ["it's"]},
        {"name": "age", "shape": [1, 1], "datatype": "FP32", "data": [50.0]},
    ]


def test_a_made_up_row_keeps_the_contract():
    inputs = [{"name": name, "datatype": kind} for name, kind in (("n", "FP32"), ("i", "FP32"), ("t", "BYTES"))]
    columns = {"n": {"type": "number", "min": 2}, "i": {"type": "integer", "min": 0, "max": 3}, "t": {"nullable": True}}

    assert made_up_row(inputs, columns) == {"n": 2.0, "i": 2.0, "t": ""}
    assert made_up_row(inputs, {}) == {"n": 0.0, "i": 0.0, "t": "text"}


def test_the_same_run_gives_the_same_card():
    assert model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED) == model_card({**REPORT, **SECTIONS}, RECIPE, PROMOTED)
