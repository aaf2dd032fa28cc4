"""Secrets of a stack file: in ZenML's store, resolved by the components, and nowhere else."""

from __future__ import annotations

import logging

import pytest
from pydantic import SecretStr
from zenml.enums import StackComponentType
from zenml.stack import StackComponent

from stacks.setup.apply import apply_stack
from stacks.setup.stack_file import StackFile
from switchyard.errors import InputError

STORE, TRACKER = StackComponentType.ARTIFACT_STORE, StackComponentType.EXPERIMENT_TRACKER
S3 = {"flavor": "s3", "config": {"path": "s3://b", "authentication_secret": "keys"}}
MLFLOW = {
    "flavor": "stacks.trackers.mlflow.flavor.TrackerFlavor",
    "config": {"tracking_uri": "http://127.0.0.1:9", "tracking_token": "{{token.it}}"},
}


def stack(name, secrets, **components):
    described = {"orchestrator": {"flavor": "local"}, "artifact_store": {"flavor": "local"}} | components
    return StackFile(
        components={kind: {"name": name, **each} for kind, each in described.items()},
        secrets={key: {k: SecretStr(v) for k, v in values.items()} for key, values in secrets.items()},
    )


def keys(one="the-id", two="the-secret"):
    return {"keys": {"aws_access_key_id": one, "aws_secret_access_key": two}, "token": {"it": "the-token"}}


def in_store(client):
    return {each.name: client.get_secret(each.id).secret_values for each in client.list_secrets(size=100).items}


@pytest.fixture
def clean(zenml):
    yield zenml
    for each in zenml.list_secrets(size=100).items:
        zenml.delete_secret(str(each.id))


def test_secrets_are_created_once_updated_when_they_change_and_never_told(clean, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    components = {"artifact_store": S3, "experiment_tracker": MLFLOW}
    created = apply_stack("secret", stack("secret", keys(), **components))
    updated_at = {each.name: each.updated for each in clean.list_secrets().items}
    again = apply_stack("secret", stack("secret", keys(), **components))
    unchanged = {each.name: each.updated for each in clean.list_secrets().items}
    changed = apply_stack("secret", stack("secret", keys(two="the-new-secret"), **components))

    assert created[:2] == ["secret keys created", "secret token created"]
    assert again == []
    assert unchanged == updated_at
    assert changed == ["secret keys updated: aws_secret_access_key"]
    assert in_store(clean) == keys(two="the-new-secret")
    found = [clean.get_stack_component(kind, "secret") for kind in (STORE, TRACKER)]
    said = [created, changed, caplog.text, *capfd.readouterr(), [each.configuration for each in found]]
    assert [word for word in ("the-id", "the-secret", "the-new-secret", "the-token") if word in str(said)] == []


def test_components_get_the_values(clean):
    apply_stack("resolved", stack("resolved", keys(), artifact_store=S3, experiment_tracker=MLFLOW))

    store, tracker = (
        StackComponent.from_model(clean.get_stack_component(kind, "resolved")) for kind in (STORE, TRACKER)
    )

    assert store.get_credentials()[:2] == ("the-id", "the-secret")
    assert tracker.config.tracking_token == "the-token"


def test_a_key_that_is_gone_from_the_file_is_gone_from_the_secret(clean):
    clean.create_secret("keys", {"aws_access_key_id": "the-id", "aws_secret_access_key": "the-secret", "old": "x"})

    assert apply_stack("gone", stack("gone", keys()))[:1] == ["secret keys updated: old"]
    assert in_store(clean)["keys"] == keys()["keys"]


def test_a_private_secret_of_the_same_name_is_another_one(clean):
    clean.create_secret("keys", {"mine": "x"}, private=True)

    assert "secret keys created" in apply_stack("private", stack("private", keys()))
    assert clean.get_secret_by_name_and_private_status("keys", private=True).secret_values == {"mine": "x"}


def test_secrets_of_a_stack_that_is_refused_are_taken_back(clean):
    wrong = {"flavor": "s3", "config": {"path": "s3://b", "authentication_secret": "keys", "pth": "x"}}
    clean.create_secret("token", {"it": "the-token"})

    with pytest.raises(InputError, match="did you mean path") as refused:
        apply_stack("wrong", stack("wrong", keys(), artifact_store=wrong))

    assert set(in_store(clean)) == {"token"}  # which was there before
    assert "the-" not in str(refused.value)
