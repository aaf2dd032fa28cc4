"""The bucket's check, green and red, against an S3 server that knows users and their rights."""

from __future__ import annotations

import json

import boto3
import pytest
import requests

from stacks.doctor import bucket, folder
from stacks.doctor.target import Target
from stacks.setup.stack_file import StackFile
from tests.fixtures.s3_server import s3_server, write_certificates
from tests.stacks.doctor.conftest import target

ROOT_KEYS = {"aws_access_key_id": "root", "aws_secret_access_key": "root", "region_name": "us-east-1"}
ALL = ("s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject")


@pytest.fixture(scope="module")
def server():
    with s3_server() as server:
        boto3.client("s3", endpoint_url=server.url, **ROOT_KEYS).create_bucket(Bucket="bucket")
        yield server


@pytest.fixture
def user(server):
    """A function that makes a user with these rights, and has the server look at rights from then on."""

    def make(*actions):
        iam = boto3.client("iam", endpoint_url=server.url, **ROOT_KEYS)
        name = f"user-{len(iam.list_users()['Users'])}"
        iam.create_user(UserName=name)
        statement = {
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_user_policy(UserName=name, PolicyName="some", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        look_at_rights(server, True)
        return {"S3_ACCESS_KEY_ID": key["AccessKeyId"], "S3_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    yield make
    look_at_rights(server, False)


def look_at_rights(server, wanted):
    count = b"0" if wanted else b"inf"
    requests.post(f"{server.url}/moto-api/reset-auth", data=count, timeout=10).raise_for_status()


def keys_in(server):
    look_at_rights(server, False)
    found = boto3.client("s3", endpoint_url=server.url, **ROOT_KEYS).list_objects_v2(Bucket="bucket")
    return [each["Key"] for each in found.get("Contents", [])]


def test_green_and_nothing_is_left(server, user):
    found = bucket.look(target(S3_ENDPOINT_URL=server.url, **user(*ALL)))

    assert found.state == "ok", found
    assert f"s3://bucket/prefix at {server.url}" in found.seen
    assert keys_in(server) == []


@pytest.mark.parametrize(
    ("missing", "right"), [(0, "ListBucket"), (1, "PutObject"), (2, "GetObject"), (3, "DeleteObject")]
)
def test_a_right_that_is_missing_is_named(server, user, missing, right):
    rights = [each for number, each in enumerate(ALL) if number != missing]

    found = bucket.look(target(S3_ENDPOINT_URL=server.url, **user(*rights)))

    assert found.state == "failed"
    assert f"s3:{right}" in found.advice
    assert len(keys_in(server)) == (1 if right == "DeleteObject" else 0)
    boto3.resource("s3", endpoint_url=server.url, **ROOT_KEYS).Bucket("bucket").objects.delete()


def test_wrong_keys(server, user):
    good = user(*ALL)

    unknown = bucket.look(target(S3_ENDPOINT_URL=server.url, S3_ACCESS_KEY_ID="AKIAUNKNOWN", S3_SECRET_ACCESS_KEY="x"))
    wrong = bucket.look(target(S3_ENDPOINT_URL=server.url, **(good | {"S3_SECRET_ACCESS_KEY": "wrong"})))

    assert (unknown.state, wrong.state) == ("failed", "failed")
    assert "does not know the access key" in unknown.seen
    assert "refuses the secret" in wrong.seen
    assert "S3_SECRET_ACCESS_KEY" in wrong.advice


def test_no_keys_and_no_role(server, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")

    found = bucket.look(target(S3_ENDPOINT_URL=server.url))

    assert found.state == "failed"
    assert "no credentials" in found.seen


def test_keys_of_the_machine_do_as_well(server, user, monkeypatch):
    keys = user(*ALL)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["S3_ACCESS_KEY_ID"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["S3_SECRET_ACCESS_KEY"])

    assert bucket.look(target(S3_ENDPOINT_URL=server.url)).state == "ok"


def test_a_bucket_that_is_not_there(server):
    keys = {"S3_ACCESS_KEY_ID": "any", "S3_SECRET_ACCESS_KEY": "any"}

    found = bucket.look(target(S3_ENDPOINT_URL=server.url, S3_BUCKET_URI="s3://missing/x", **keys))

    assert (found.state, found.advice) == ("failed", "create it, or correct S3_BUCKET_URI")
    assert "no bucket missing" in found.seen


def test_nobody_answers(unused):
    keys = {"S3_ACCESS_KEY_ID": "any", "S3_SECRET_ACCESS_KEY": "any"}

    found = bucket.look(target(S3_ENDPOINT_URL=f"http://{unused}", **keys))

    assert found.state == "failed"
    assert f"http://{unused} does not answer" in found.seen


def test_a_certificate_that_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    authority, certificate, key = write_certificates(tmp_path)
    keys = {"S3_ACCESS_KEY_ID": "any", "S3_SECRET_ACCESS_KEY": "any", "S3_BUCKET_URI": "s3://own"}
    with s3_server((certificate, key)) as server:
        there = {"S3_ENDPOINT_URL": server.url, **keys}
        boto3.client("s3", endpoint_url=server.url, verify=str(authority), **ROOT_KEYS).create_bucket(Bucket="own")

        distrusted = bucket.look(target(**there))
        trusted = bucket.look(target(**there, S3_CA_BUNDLE=str(authority)))
        absent = bucket.look(target(**there, S3_CA_BUNDLE="/nowhere.pem"))

    assert (distrusted.state, trusted.state, absent.state) == ("failed", "ok", "failed")
    assert "S3_CA_BUNDLE" in distrusted.advice
    assert "/nowhere.pem" in absent.seen


def local(path):
    parts = {"orchestrator": {"flavor": "local"}, "artifact_store": {"flavor": "local", "config": {"path": str(path)}}}
    return Target("mine", StackFile(components={kind: {"name": "mine", **each} for kind, each in parts.items()}))


def test_a_folder_instead_of_a_bucket(tmp_path):
    (tmp_path / "file").write_text("")

    assert folder.look(local(tmp_path / "store")).state == "ok"
    assert folder.look(local(tmp_path / "file" / "store")).state == "failed"
    assert bucket.look(local(tmp_path)) is None
    assert folder.look(target()) is None
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
