"""Whose keys go to which server: never one place's keys to another place's server."""

from __future__ import annotations

import threading

import pytest

from switchyard.data.places import s3_access
from switchyard.data.places.s3_access import S3Access

STACK = S3Access(endpoint="http://stack:9000", key="stack-key", secret="stack-secret", region="eu-central-1")


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    for name in ("ENDPOINT_URL", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "CA_BUNDLE", "ADDRESSING_STYLE"):
        monkeypatch.delenv(f"S3_{name}", raising=False)
        monkeypatch.delenv(f"AWS_{name}", raising=False)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"])
def test_whoever_names_a_server_or_an_account_names_both(monkeypatch, name):
    monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "the team's")
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://the-team")

    with s3_access.using(STACK):
        found = s3_access.current()

    assert "mine" in (found.endpoint, found.key, found.profile)
    assert not {found.endpoint, found.key, found.secret} & {
        "the team's", "http://the-team", "stack-key", "stack-secret", "http://stack:9000",
    }  # fmt: skip


def test_a_source_is_read_as_the_artifacts_are_kept(monkeypatch):
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://the-team")
    monkeypatch.setenv("S3_ACCESS_KEY_ID", "the team's key")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    seen = []

    with s3_access.using(STACK):
        thread = threading.Thread(target=lambda: seen.append(s3_access.current()))
        thread.start()
        thread.join()

    assert seen == [STACK]
    after = s3_access.current()
    assert (after.endpoint, after.key, after.region) == ("http://the-team", "the team's key", "us-west-2")


def test_nothing_said_is_left_to_the_search_for_roles_and_profiles():
    assert s3_access.current() == S3Access()
    assert s3_access.current().storage_options("b") == {"aws_region": "us-east-1"}


def test_no_key_is_shown():
    assert "stack-key" not in repr(STACK) and "stack-secret" not in repr(STACK)


def test_the_bucket_goes_into_the_host_if_that_is_wanted():
    options = S3Access(endpoint="http://s3.test", addressing="virtual").storage_options("data")
    assert options["aws_endpoint_url"] == "http://data.s3.test"
    assert options["aws_virtual_hosted_style_request"] == "true"
