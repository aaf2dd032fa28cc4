"""A pod that goes while it trains, and takes its disk with it: the next one goes on from the bucket."""

from __future__ import annotations

import re
import shutil
import signal
import zipfile
from io import BytesIO

import boto3
import pytest
import yaml

from tests.end_to_end.conftest import PLUGIN
from tests.end_to_end.few_digits import config, write_few
from tests.fixtures.s3_stack import write_stacks

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.thorough]

# Small batches, so that an epoch takes longer than the upload of the one before.
SLOW = ("--set", "candidates.cnn.params.epochs=3", "--set", "candidates.cnn.params.batch_size=2")


@pytest.fixture(scope="module")
def bucket(s3):
    """What checkpoints are in it, by key."""
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="pods")

    def content() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket="pods", Prefix="runs/checkpoints/").get("Contents", [])
        return {each["Key"]: client.get_object(Bucket="pods", Key=each["Key"])["Body"].read() for each in found}

    return content


@pytest.fixture(scope="module")
def killed(new_project, s3, bucket, tmp_path_factory):
    """A run that is killed once its first checkpoint is in the bucket, what is there then, and the run after it."""
    project = new_project()
    write_few(project.root / "data" / "few.parquet")
    few = config("few", "image_classification", "cnn")
    (project.root / "configs" / "few.yaml").write_text(yaml.safe_dump(few, sort_keys=False))
    write_stacks(project, s3, "s3://pods/runs")
    harm = {"HARM_AT": "steps.storage.remote_checkpoint:_upload", "HARM_HOW": "kill", "HARM_WHEN": "after"}
    harm |= {"HARM_MARK": str(tmp_path_factory.mktemp("mark") / "mark"), "PYTHONPATH": str(PLUGIN)}
    first = project.run("--stack", "bucket", "--config", "few", *SLOW, **harm)
    left = bucket()
    shutil.rmtree(project.root / ".switchyard" / "checkpoints")
    return project, first, left, project.run("--config", "few", *SLOW)


def epochs(finished):
    return re.findall(r"train_cnn epoch (\d+): loss", finished.out)


def test_the_next_run_goes_on_from_the_second_epoch(killed):
    _, first, _, second = killed

    assert first.code == -signal.SIGKILL
    assert second.code == 0, second.out + second.err
    assert second.steps()["preprocess"] == "cached"
    assert epochs(second) == ["2", "3"]


def test_one_file_was_in_the_bucket_and_it_is_no_pickle(killed):
    _, _, left, _ = killed

    (key,) = left
    assert re.fullmatch(r"runs/checkpoints/few/cnn-[0-9a-f]{16}/checkpoint\.zip", key)
    with zipfile.ZipFile(BytesIO(left[key])) as archive:
        assert sorted(archive.namelist()) == ["state.json", "tensors.bin"]


def test_no_checkpoint_is_left(killed, bucket):
    project, *_ = killed

    assert bucket() == {}
    assert list((project.root / ".switchyard" / "checkpoints").rglob("*.*")) == []


def test_it_is_the_model_that_one_training_at_one_go_makes(killed):
    project, _, _, second = killed

    whole = project.run("--config", "few", "--no-cache", *SLOW)

    assert whole.code == 0, whole.out + whole.err
    assert epochs(whole) == ["1", "2", "3"]
    assert "few version 1" in second.out and "few version 1" in whole.out
