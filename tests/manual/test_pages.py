"""The manual of the config is what the models say, and they say something of each key."""

from __future__ import annotations

import pytest

from switchyard.config.descriptions import Description, describe_key, description_of
from switchyard.config.images import ImageConfig
from switchyard.config.sections import Config
from switchyard.manual.pages import PAGES, page, sections
from switchyard.project import ROOT
from switchyard.training.images.settings import ArcFaceTraining

MODELS = sections(Config) | sections(ImageConfig) | sections(ArcFaceTraining)
LONGEST = 105  # a comment of this length leaves room for a key and its value


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_generated_one(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(name), "run `python -m switchyard.manual`"


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_key_says_what_it_means_in_a_sentence_that_fits_a_comment(model):
    for key, field in model.model_fields.items():
        found = description_of(field)
        assert len(found.summary) <= LONGEST, key
        assert found.summary[0].isupper() or found.summary[0] == "`", key


def test_a_key_without_a_description_is_refused():
    class Silent(Config):
        unheard: int = 0

    with pytest.raises(ValueError, match="has no description"):
        description_of(Silent.model_fields["unheard"])


def test_a_description_has_a_summary_details_and_a_default():
    assert describe_key(Config, ("data", "positive")) == Description(
        "Of two classes, the one that ROC AUC, PR AUC and F1 are about.", "", "the last in sorted order"
    )
    assert describe_key(Config, ("contract", "columns", "age", "nullable")).comment == "Whether values may be missing"
    assert describe_key(ImageConfig, ("split", "method")).details.startswith("`stratified`: each part")


def test_a_key_that_the_config_does_not_have_has_no_description():
    with pytest.raises(KeyError, match=r"data\.aim"):
        describe_key(Config, ("data", "aim"))
