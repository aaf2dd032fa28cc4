"""What is written down is read as it was, and what another version of the project wrote is refused in a sentence."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from switchyard.errors import SwitchyardError
from switchyard.evaluation.gates.judge import GateResult
from switchyard.lineage import CodeVersion, Lineage
from switchyard.releases.promotion import ComparisonFigures, DifferenceFigures, Promotion
from switchyard.releases.version_facts import VersionFacts

DIFFERENCE = DifferenceFigures(champion=0.8, challenger=0.84, effect=0.04, low=0.01, high=0.07, p=0.004)
COMPARISON = ComparisonFigures(
    verdict="promote", reason="0.84 against 0.80", metric="roc_auc", test="delong", alpha=0.05, difference=DIFFERENCE
)
PROMOTION = Promotion(
    use_case="people",
    version=2,
    candidate="forest",
    sha256="ab" * 32,
    gates=(GateResult("roc_auc", 0.84, ">= 0.80", True),),
    champion=1,
    production=2,
    comparison=COMPARISON,
    repaired=("the stage was behind",),
    verdict="promoted",
    reason="the gate passed",
)


def test_a_record_goes_through_json_as_it_is_and_says_its_format():
    text = json.dumps(PROMOTION.to_json())

    assert json.loads(text)["format"] == 1
    assert Promotion.from_json(json.loads(text)) == PROMOTION


def test_a_comparison_without_figures_has_no_difference():
    told = COMPARISON.to_json() | {"difference": {}}  # as `Comparison.as_dict` says it

    assert ComparisonFigures.model_validate(told).difference is None


@pytest.mark.parametrize("change", [{"format": 2}, {"shade": "green"}, {"verdict": "painted"}])
def test_what_another_version_wrote_is_refused_in_one_sentence(change):
    (key,) = change

    with pytest.raises(SwitchyardError, match=rf"^the recorded promotion cannot be read \({key}: .*") as refused:
        Promotion.from_json(PROMOTION.to_json() | change)

    assert len(str(refused.value).splitlines()) == 1


def test_a_record_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        PROMOTION.verdict = "refused"


def test_facts_without_what_is_unknown_are_read_beside_metadata_of_others():
    lineage = Lineage(config_sha256="c" * 64, code=CodeVersion(sha256="d" * 64), run="people-1", python="3.11.2")
    facts = VersionFacts(sha256="ab" * 32, candidate="forest", lineage=lineage)

    told = facts.model_dump(mode="json", exclude_none=True)

    assert "commit" not in told["lineage"]["code"]
    assert VersionFacts.from_json({**told, "reviewed by": "ada"}) == facts
