"""Every task of a config has the functions that the data steps call, and they take what a step gives them."""

from __future__ import annotations

import inspect
from typing import get_args

import polars as pl
import pytest

from switchyard.config.images import ImageTask
from switchyard.config.loading import load
from switchyard.config.sections import Task
from switchyard.data.images.init.init import write_image_config
from switchyard.errors import SwitchyardError
from switchyard.tasks.data import DataSteps
from switchyard.tasks.evaluation import Evaluating
from switchyard.tasks.gates import Gates
from switchyard.tasks.kind import Kind
from switchyard.tasks.recipes import Recipes
from switchyard.tasks.registry import kind_of
from switchyard.tasks.serving import Serving
from switchyard.tasks.training import Training
from tests.fixtures.images import encoded, picture, put

PROTOCOLS = {
    DataSteps: Kind.data.__name__,
    Evaluating: Kind.evaluation.__name__,
    Gates: Kind.gates.__name__,
    Serving: Kind.serving.__name__,
    Training: Kind.training.__name__,
}
FUNCTIONS = [(each, name) for each in PROTOCOLS for name in vars(each) if not name.startswith("_")]


@pytest.mark.parametrize("task", [*get_args(Task), *get_args(ImageTask)])
@pytest.mark.parametrize(("protocol", "name"), FUNCTIONS, ids=[f"{each.__name__}.{name}" for each, name in FUNCTIONS])
def test_the_functions_of_a_task_take_what_the_protocol_gives(task, protocol, name):
    given = list(inspect.signature(getattr(protocol, name)).parameters.values())[1:]
    taken = inspect.signature(getattr(getattr(kind_of(task), PROTOCOLS[protocol])(), name)).parameters
    by_name = {each.name for each in given if each.kind is each.KEYWORD_ONLY}
    optional = {each.name for each in taken.values() if each.default is not each.empty}

    assert list(taken)[: len(given) - len(by_name)] == [each.name for each in given if each.name not in by_name]
    assert by_name <= set(taken)
    assert set(taken) - {each.name for each in given} <= optional


def test_images_go_through_the_data_steps(tmp_path):
    for number in range(12):
        put(tmp_path / "set" / "ab"[number % 2] / f"{number}.png", encoded(picture(number)))
    put(tmp_path / "set" / "a" / "broken.png", b"text")
    config = load(write_image_config("set", tmp_path))
    steps, recipes = kind_of(config.task).data(), Recipes.of(config)

    raw, facts = steps.ingest(recipes.ingest, tmp_path, tmp_path / "raw")
    outcome = steps.validate(raw, recipes.validate, None)
    parts = steps.preprocess(raw, recipes.preprocess.replaced(seed=3), tmp_path / "parts")

    assert (raw.parts, facts["rows"], facts["unreadable"]) == (("raw", "unreadable"), 12, 1)
    assert outcome.problem == ""
    assert steps.validate(raw, recipes.validate, outcome.profile).problem == ""
    assert {name: parts.scan(name).select(pl.len()).collect().item() for name in parts.parts} == {
        "train": 8,
        "validation": 2,
        "test": 2,
    }
    with pytest.raises(SwitchyardError, match="set has changed since the run was started"):
        steps.ingest(recipes.ingest.replaced(fingerprint="another"), tmp_path, tmp_path / "again")
