"""Models of ZenML that are built late are the models that ZenML builds, for every way in which one can be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from threading import Thread

import pytest
from pydantic import BaseModel

from stacks.zenml_patches.deferred_models import deferred_models
from switchyard.project import ROOT

DESCRIBE = """
import json, re, sys
from contextlib import nullcontext
from pydantic import BaseModel
from pydantic.errors import PydanticUserError
from stacks.zenml_patches.deferred_models import deferred_models

def below(base):
    for model in base.__subclasses__():
        yield model
        yield from below(model)

def schema(model, mode):
    try:
        return model.model_json_schema(mode=mode)
    except PydanticUserError as error:
        return error.code  # an abstract one whose annotations nobody resolves

with deferred_models() if sys.argv[1] == "late" else nullcontext():
    import zenml.client
    import zenml.zen_stores.rest_zen_store
    import zenml.zen_stores.sql_zen_store
models = set(below(BaseModel))
built = sum(model.__pydantic_complete__ for model in models)
print(json.dumps([built, [
    [
        f"{model.__module__}.{model.__qualname__}",
        {name: re.sub("at 0x[0-9a-f]+", "", repr(field)) for name, field in model.model_fields.items()},
        schema(model, "validation"),
        schema(model, "serialization"),
    ]
    for model in models
    if model.__module__.startswith("zenml.")
]], default=str))
"""


@pytest.fixture(scope="module")
def described():
    """By when they are built: how many are after the import, and what can be known of each model."""
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = {
        when: subprocess.Popen([sys.executable, "-c", DESCRIBE, when], env=variables, stdout=subprocess.PIPE, text=True)
        for when in ("late", "at once")
    }
    return {when: json.loads(process.communicate()[0]) for when, process in processes.items()}


@pytest.mark.slow
def test_each_model_has_the_fields_and_schemas_that_it_has_without(described):
    late, at_once = (Counter(map(json.dumps, described[when][1])) for when in ("late", "at once"))

    assert [json.loads(model)[0] for model in (late - at_once) + (at_once - late)] == []


@pytest.mark.slow
def test_the_import_builds_few_of_them(described):
    built, models = described["late"]

    assert len(models) > 500
    assert built < 60
    assert described["at once"][0] > 500


def test_a_part_that_another_models_validator_makes_can_be_written_by_itself():
    with deferred_models():

        class Part(BaseModel):
            number: int

        class Whole(BaseModel):
            part: Part
            anything: object

    assert not Part.__pydantic_complete__
    part = Whole.model_validate({"part": {"number": "1"}, "anything": 0}).part

    assert Part.__pydantic_complete__
    assert part.model_dump() == {"number": 1}
    # What a field of no particular type holds is written by its own class.
    assert json.loads(Whole(part=part, anything=Part(number=2)).model_dump_json())["anything"] == {"number": 2}


def test_one_that_no_validator_makes_can_be_written():
    with deferred_models():

        class Made(BaseModel):
            number: int

    assert Made.model_construct(number=1).model_dump_json() == '{"number":1}'


def test_a_field_of_any_model_can_be_filled():
    with deferred_models():

        class Holder(BaseModel):
            anything: BaseModel

    assert type(Holder(anything={"number": 1}).anything) is BaseModel


def test_a_rebuild_within_the_imports_gives_the_names_that_were_known_there():
    with deferred_models():

        class Outer(BaseModel):
            inner: Inner

        class Inner(BaseModel):
            number: int

        Outer.model_rebuild()
        assert not Outer.__pydantic_complete__

    assert Outer.model_fields["inner"].annotation is Inner
    assert Outer(inner={"number": 1}).inner == Inner(number=1)


def test_one_can_be_used_before_the_imports_are_done():
    with deferred_models():

        class Last(BaseModel):
            middle: Middle

        class Middle(BaseModel):
            first: First

        class First(BaseModel):
            number: int

        Middle.model_rebuild()
        assert Last(middle={"first": {"number": 1}}).middle.first.number == 1


def test_models_that_are_defined_afterwards_are_built_at_once():
    class Now(BaseModel):
        number: int

    assert Now.__pydantic_complete__


def test_threads_that_use_a_model_first_at_the_same_moment_do_not_disturb_each_other():
    with deferred_models():
        models = [
            type(f"M{each}", (BaseModel,), {"__annotations__": dict.fromkeys("abcdefgh", int), "__module__": __name__})
            for each in range(100)
        ]
    written: list[str] = []

    def use():
        written.extend(model(**dict.fromkeys("abcdefgh", 1)).model_dump_json() for model in models)

    threads = [Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert written == [json.dumps(dict.fromkeys("abcdefgh", 1), separators=(",", ":"))] * 400
