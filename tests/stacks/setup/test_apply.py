"""Applying a stack file creates, updates or leaves alone; what cannot be applied is refused beforehand."""

from __future__ import annotations

import pytest
from zenml.enums import StackComponentType

from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import StackFile, read_stack
from switchyard.errors import InputError

STORE, DEPLOYER, TRACKER = (
    StackComponentType(kind) for kind in ("artifact_store", "model_deployer", "experiment_tracker")
)
BUCKET = {"path": "s3://bucket/runs", "key": "k", "client_kwargs": {"endpoint_url": "http://127.0.0.1:9/"}}
OIP = "stacks.deployers.local.flavor.OipFlavor"


def stack_file(name, **components):
    """A stack whose components are called `name`; an orchestrator and an artifact store are local if not given."""
    local = {"flavor": "local"}
    described = {"orchestrator": local, "artifact_store": local} | components
    return StackFile(components={kind: {"name": name, **each} for kind, each in described.items()})


def state(client):
    """Everything that applying may write, with the time of the last change."""
    listed = [*client.list_stacks(size=200).items, *client.list_flavors(size=500).items]
    for kind in StackComponentType:
        listed += client.list_stack_components(type=kind, size=200).items
    return {(type(each).__name__, str(each.id), each.name, each.updated) for each in listed}


def components(client, stack):
    found = client.get_stack(stack, allow_name_prefix_match=False).components
    return {kind.value: listed[0].name for kind, listed in found.items() if listed}


def test_the_local_stack_is_created_once_and_then_left_alone(zenml):
    stack = read_stack("local")

    created = apply_stack("local", stack)
    before = state(zenml)
    again = apply_stack("local", stack)

    assert "stack local created" in created
    assert "flavor oip registered" in created
    assert zenml.active_stack_model.name == "local"
    assert {kind.value for kind in zenml.active_stack_model.components} == set(stack.components)
    assert again == []
    assert state(zenml) == before


def test_a_stack_that_is_not_the_active_one_is_activated(zenml):
    apply_stack("first", stack_file("first"))
    apply_stack("second", stack_file("second"))

    assert apply_stack("first", stack_file("first")) == ["stack first is active"]
    assert zenml.active_stack_model.name == "first"


def test_settings_in_other_words_are_no_change(zenml):
    bucket = stack_file("words", artifact_store={"flavor": "s3", "config": BUCKET})
    apply_stack("words", bucket)

    assert zenml.get_stack_component(STORE, "words").configuration["client_kwargs"] == {
        "endpoint_url": "http://127.0.0.1:9"  # ZenML cuts the slash
    }
    assert apply_stack("words", bucket) == []


def test_a_changed_setting_is_updated_and_one_that_is_gone_is_unset(zenml):
    apply_stack("changed", stack_file("changed", artifact_store={"flavor": "s3", "config": BUCKET}))
    other = {"path": "s3://other", "client_kwargs": BUCKET["client_kwargs"]}

    changes = apply_stack("changed", stack_file("changed", artifact_store={"flavor": "s3", "config": other}))

    assert changes == ["artifact_store changed updated: key, path"]
    found = zenml.get_stack_component(STORE, "changed").configuration
    assert found["path"] == "s3://other"
    assert "key" not in found


def test_a_component_that_changes_its_flavor_is_a_new_one(zenml):
    apply_stack("flavor", stack_file("flavor"))
    old = zenml.get_stack_component(STORE, "flavor").id

    apply_stack("flavor", stack_file("flavor", artifact_store={"flavor": "s3", "config": {"path": "s3://bucket"}}))

    new = zenml.get_stack_component(STORE, "flavor", allow_name_prefix_match=False)
    assert (new.flavor_name, new.id == old) == ("s3", False)
    assert zenml.get_stack_component(STORE, old).name.startswith("flavor-local-")
    assert zenml.active_stack_model.components[STORE][0].id == new.id


def test_a_stack_that_was_half_applied_is_gone_on_with(zenml):
    if not zenml.list_flavors(name="oip").items:
        zenml.create_flavor(OIP, DEPLOYER)
    zenml.create_stack_component("half", "oip", DEPLOYER, {"path": "/elsewhere"})

    changes = apply_stack("half", stack_file("half", model_deployer={"flavor": OIP}))

    assert "model_deployer half updated: path" in changes
    assert "stack half created" in changes
    assert components(zenml, "half") == dict.fromkeys(["orchestrator", "artifact_store", "model_deployer"], "half")


def test_a_stack_of_other_components_becomes_what_the_file_says(zenml):
    apply_stack("parts", stack_file("old", model_deployer={"flavor": OIP}))

    changes = apply_stack("parts", stack_file("new"))

    assert "stack parts updated" in changes
    assert components(zenml, "parts") == {"orchestrator": "new", "artifact_store": "new"}


REFUSED = {
    "unknown flavor": ({"flavor": "local"}, ["model_deployer.flavor", "'local'", "mlflow", "stacks/"]),
    "module that is not there": ({"flavor": "stacks.flavors.nope.X"}, ["model_deployer.flavor", "stacks.flavors.nope"]),
    "class that is not there": (
        {"flavor": "stacks.deployers.local.flavor.Nope"},
        ["model_deployer.flavor", "no flavor Nope"],
    ),
    "class that is no flavor": ({"flavor": "switchyard.errors.InputError"}, ["model_deployer.flavor", "no flavor"]),
    "unknown setting": ({"flavor": OIP, "config": {"pth": "x"}}, ["model_deployer.config.pth", "did you mean path"]),
    "setting of another type": ({"flavor": OIP, "config": {"path": 7}}, ["model_deployer.config.path", "string", "7"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_applied_is_refused_before_anything_is_created(zenml, case):
    described, words = REFUSED[case]
    before = state(zenml)

    with pytest.raises(InputError) as refused:
        apply_stack("refused", stack_file("refused", model_deployer=described))

    sentence = str(refused.value)
    assert sentence.startswith("stacks/refused.yaml: components.")
    assert [word for word in words if word not in sentence] == [], sentence
    assert "\n" not in sentence
    assert state(zenml) == before


def test_settings_that_a_flavor_misses_or_refuses_are_named_without_the_secrets_beside_them(zenml):
    missing = {"flavor": "s3", "config": {"secret": "do-not-print"}}
    with pytest.raises(InputError, match=r"artifact_store\.config\.path is missing") as refused:
        apply_stack("s3", stack_file("s3", artifact_store=missing))
    assert "do-not-print" not in str(refused.value)

    wrong = {"flavor": "s3", "config": {"path": "gs://bucket", "secret": "do-not-print"}}
    with pytest.raises(InputError, match=r"artifact_store\.config is refused by flavor s3: .*'gs://bucket'") as refused:
        apply_stack("s3", stack_file("s3", artifact_store=wrong))
    assert "do-not-print" not in str(refused.value)
