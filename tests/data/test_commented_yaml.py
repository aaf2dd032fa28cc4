"""A line of a commented config reads back as its value and says what the manual says."""

from __future__ import annotations

import pytest
import yaml

from switchyard.config.images import ImageConfig
from switchyard.config.sections import Config
from switchyard.data.commented_yaml import CommentedYaml

TABLE = CommentedYaml(Config)


def test_a_key_has_its_value_its_description_and_a_note():
    line = TABLE.key("data.id", '"a: b"', "guessed")

    assert line == '  id: "a: b"  # A column that identifies a row to people; guessed'


def test_a_key_without_a_value_has_its_default_and_the_other_choices():
    assert TABLE.key("champion.too_close").startswith("  too_close: keep  # What to do if the two cannot")
    assert TABLE.key("champion.too_close").endswith("; or promote")
    assert yaml.safe_load(TABLE.key("contract.distribution.max").strip()) == {"max": 0.25}
    assert TABLE.key("task", "regression") == "task: regression  # What the model predicts; or classification"


def test_a_section_opens_with_its_description():
    assert CommentedYaml(ImageConfig).section("data") == "data:  # Where the images are"


def test_a_key_that_is_left_out_is_a_comment_at_its_place():
    line = TABLE.left_out("features.numeric", "[COLUMN]")

    assert line == "  # numeric: [COLUMN]  # The only columns to use as numbers"
    assert yaml.safe_load(line) is None


def test_a_note_cannot_end_its_comment():
    assert "\n" not in TABLE.key("data.target", "x", "two\nlines")


def test_a_key_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        TABLE.key("data.tarot", "x")
