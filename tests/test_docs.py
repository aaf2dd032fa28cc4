"""The manual keeps up: every key of the config and every option of a command in it exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from switchyard.config.images import IMAGE_COLUMNS, IMAGE_TASKS, ImageConfig
from switchyard.config.loading import load
from switchyard.config.sections import Config, Section
from switchyard.config.task_metrics import CLASSIFICATION_METRICS, REGRESSION_METRICS, RETRIEVAL_METRICS
from switchyard.evaluation.gates.judge import check_gates
from switchyard.evaluation.section_registry import page_sections
from switchyard.evaluation.tables.gate_schema import Measured, places
from switchyard.training.tables.learners import KINDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIG_PAGE = (ROOT / "docs" / "config.md").read_text()
IMAGES_PAGE = (ROOT / "docs" / "config-images.md").read_text()


def sections(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The model and every section that its fields hold, by themselves, in a list or in a table."""
    found = {model}
    for field in model.model_fields.values():
        for part in [field.annotation, *get_args(field.annotation)]:
            if isinstance(part, type) and issubclass(part, Section):
                found |= sections(part)
    return found


@pytest.mark.parametrize("section", sorted(sections(Config), key=lambda part: part.__name__), ids=lambda s: s.__name__)
def test_every_key_of_the_config_has_its_place_in_the_manual(section):
    told = set(re.findall(r"`([a-z_]+)[`:]", CONFIG_PAGE))

    assert set(section.model_fields) - told == set()


@pytest.mark.parametrize(
    "section", sorted(sections(ImageConfig), key=lambda part: part.__name__), ids=lambda s: s.__name__
)
def test_every_key_of_an_image_config_has_its_place_in_the_manual(section):
    shared = section in sections(Config)
    told = set(re.findall(r"`([a-z_]+)[`:]", CONFIG_PAGE if shared else IMAGES_PAGE))

    assert set(section.model_fields) - told == set()


def test_every_column_and_metric_of_images_is_in_the_manual():
    told = set(re.findall(r"`([A-Za-z0-9_.]+)`", IMAGES_PAGE))

    assert {*IMAGE_COLUMNS, *IMAGE_TASKS, *RETRIEVAL_METRICS} <= told


def test_every_hyperparameter_and_metric_is_in_the_manual():
    told = set(re.findall(r"`([A-Za-z0-9_.]+)`", CONFIG_PAGE))
    rows = {row.split("`")[1]: row for row in CONFIG_PAGE.splitlines() if row.startswith("| `")}

    for kind, learner in KINDS.items():
        assert set(re.findall(r"`(\w+)`", rows[kind])) >= set(learner.params)
    assert {*CLASSIFICATION_METRICS, *REGRESSION_METRICS, "parity", "size_mb"} <= told
    assert {"latency_ms.p50", ".p95", ".p99"} <= told


def test_every_gate_of_the_manual_can_be_gated():
    block = re.search(r"```yaml\n(gates:.*?)```", (ROOT / "docs" / "evaluation.md").read_text(), re.DOTALL)
    assert block
    overrides = ["evaluation.sensitive=[sex]", "evaluation.slices.pairs=[[sex,pclass]]", "evaluation.slices.bins={}"]
    titanic = load(ROOT / "configs" / "titanic.yaml", overrides)

    check_gates(yaml.safe_load(block[1])["gates"], places(Measured.of(titanic)))


def test_every_section_of_the_report_is_in_the_manual():
    told = (ROOT / "docs" / "evaluation.md").read_text()

    sections = page_sections().values()
    assert [each.title for each in sections if f"| {each.title} |" not in told] == ["Hyperparameters"]
    assert [each.report_key for each in sections if each.offers_gates and f"`{each.report_key}`" not in told] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_in_the_manual_is_one_of_the_command_line(page):
    from commands import COMMANDS, parser_of

    parsers = [parser_of(name) for name in COMMANDS]
    known = {option for parser in parsers for action in parser._actions for option in action.option_strings}
    used = {
        option
        for line in re.findall(r"python run\.py[^\n`#|]*", page.read_text())
        for option in re.findall(r"(?<=\s)--[a-z-]+", line)
    }

    assert used - known == set()
