"""${VARIABLES} of a stack file: replaced, left out when empty, and named with what they are for when missing."""

from __future__ import annotations

import pytest

from stacks.setup import stack_file
from stacks.setup.stack_file import read_stack, read_template
from switchyard.errors import InputError

STACK = """
variables:
  BUCKET: {purpose: the bucket for artifacts, example: "s3://bucket"}
  TEAM: {purpose: the team, example: red}
  ENDPOINT: {purpose: where S3 answers, example: "https://s3.example.com", default: ""}
  STYLE: {purpose: how buckets are addressed, example: path, default: auto}
  KEY: {purpose: the key, example: AKIA, default: ""}
  SECRET: {purpose: what belongs to KEY, example: "...", default: ""}
secrets:
  keys: {id: "${KEY}", secret: "${SECRET}"}
components:
  orchestrator: {name: local, flavor: local}
  artifact_store:
    name: bucket
    flavor: s3
    config:
      path: ${BUCKET}/${TEAM}
      authentication_secret: keys
      key: "{{keys.id}}"
      client_kwargs: {endpoint_url: "${ENDPOINT}"}
      config_kwargs: {s3: {addressing_style: "${STYLE}"}, retries: {max_attempts: 8}}
      s3_additional_kwargs: {}
"""
GIVEN = {"BUCKET": "s3://b", "TEAM": "red"}
KEYS = {"KEY": "the-key", "SECRET": "the-secret"}


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setattr(stack_file, "FOLDER", tmp_path)

    def read_text(text, environment):
        (tmp_path / "mine.yaml").write_text(text)
        return read_stack("mine", environment)

    return read_text


def test_values_stand_in_their_places(read):
    everything = {**GIVEN, **KEYS, "ENDPOINT": "https://s3", "STYLE": "path"}

    stack = read(STACK, everything)

    assert stack.components["artifact_store"].config == {
        "path": "s3://b/red",
        "authentication_secret": "keys",
        "key": "{{keys.id}}",
        "client_kwargs": {"endpoint_url": "https://s3"},
        "config_kwargs": {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 8}},
        "s3_additional_kwargs": {},
    }
    assert {key: value.get_secret_value() for key, value in stack.secrets["keys"].items()} == {
        "id": "the-key",
        "secret": "the-secret",
    }


def test_what_is_empty_is_left_out_and_with_a_secret_what_refers_to_it(read):
    stack = read(STACK, {**GIVEN, "ENDPOINT": ""})

    assert stack.components["artifact_store"].config == {
        "path": "s3://b/red",
        "config_kwargs": {"s3": {"addressing_style": "auto"}, "retries": {"max_attempts": 8}},
        "s3_additional_kwargs": {},
    }
    assert stack.secrets == {}


def test_a_stack_that_was_read_shows_no_secret(read):
    stack = read(STACK, {**GIVEN, **KEYS})

    assert "the-key" not in f"{stack!r} {stack} {stack.model_dump_json()}"
    assert "the-secret" not in f"{stack!r} {stack} {stack.model_dump_json()}"


def test_all_that_is_missing_is_named_at_once_a_line_each(read):
    with pytest.raises(InputError) as refused:
        read(STACK, KEYS)

    bucket, team = str(refused.value).splitlines()
    words = ["stacks/mine.yaml", "BUCKET", "the bucket for artifacts", "s3://bucket", "BUCKET=... into .env"]
    assert [word for word in words if word not in bucket] == []
    assert "TEAM" in team
    assert "the-" not in str(refused.value)


SECRET_IN_SETTING = STACK.replace("path: ${BUCKET}/${TEAM}", "path: ${SECRET}")
REFUSED = {
    "a variable that is not described": (STACK.replace("${TEAM}", "${TAEM}"), {}, ["${TAEM}", "under variables"]),
    "half a secret": (STACK, {"KEY": "the-key"}, ["KEY is given without SECRET", "secret keys"]),
    "the other half": (STACK, {"SECRET": "the-secret"}, ["SECRET is given without KEY"]),
    "a secret in a setting": (SECRET_IN_SETTING, KEYS, ["${SECRET}", "{{secret.key}}"]),
    "a secret that is written out": (STACK.replace("${KEY}", "the-key"), KEYS, ["secrets.keys.id is written out"]),
    "a password in a URL": (STACK, {"ENDPOINT": "https://me:the-secret@s3"}, ["ENDPOINT has a password"]),
    "no purpose": (STACK.replace("purpose: the team, ", ""), {}, ["variables.TEAM.purpose", "missing"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_filled_in_is_refused_without_showing_a_secret(read, case):
    text, environment, words = REFUSED[case]

    with pytest.raises(InputError) as refused:
        read(text, {**GIVEN, **environment})

    sentence = str(refused.value)
    assert [word for word in ["mine.yaml", *words] if word not in sentence] == [], sentence
    assert "\n" not in sentence
    assert "the-key" not in sentence
    assert "the-secret" not in sentence


def test_every_stack_of_ours_is_complete_with_its_examples():
    for path in stack_file.FOLDER.glob("*.yaml"):
        template = read_template(path.stem)
        examples = {name: variable.example for name, variable in template.variables.items()}

        stack = read_stack(path.stem, examples)

        assert set(stack.secrets) == set(template.secrets)
        assert "${" not in stack.model_dump_json()


def test_the_kubeflow_stack_with_what_is_required_only_has_no_empty_setting():
    template = read_template("kubeflow")
    required = {name: each.example for name, each in template.variables.items() if each.default is None}

    stack = read_stack("kubeflow", required)

    assert set(required) == {"KFP_NAMESPACE", "S3_BUCKET_URI", "MLFLOW_URL", "REGISTRY"}
    assert stack.secrets == {}
    assert "{{" not in stack.model_dump_json()
    assert "authentication_secret" not in stack.components["artifact_store"].config
