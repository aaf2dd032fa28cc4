"""Which options reach which step."""

from __future__ import annotations

from switchyard.config.sections import StepOptions
from switchyard.config.step_options import options_of

STEPS = {
    "default": StepOptions(cpu=1, retries=2),
    "train": StepOptions(memory="4Gi", retries=1),
    "train_forest": StepOptions(cpu=4, retries=0),
}


def test_the_particular_has_the_last_word_key_by_key():
    assert options_of(STEPS, "train", "train_forest") == StepOptions(cpu=4, memory="4Gi", retries=0)
    assert options_of(STEPS, "train", "train_mlp") == StepOptions(cpu=1, memory="4Gi", retries=1)
    assert options_of(STEPS, "deploy") == STEPS["default"]


def test_without_the_section_everything_is_left_to_the_stack():
    assert options_of({}, "train") == StepOptions()
