"""A checkpoint has a copy in the bucket that follows it, comes back, and goes when the training is done."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest

from rehearsal.s3.faults import faulty
from steps.storage import remote_checkpoint
from steps.storage.checkpoints import KEPT, Checkpoints
from steps.storage.remote_checkpoint import RemoteCheckpoint
from switchyard.training.checkpoint_files import CHECKPOINT, FETCHED
from tests.steps.conftest import artifacts_at, new_s3_store

SOON = 10.0  # seconds


@pytest.fixture(autouse=True)
def bucket(s3_client):
    """What is in the bucket by its key; empty at first."""

    def content() -> dict[str, bytes]:
        found = s3_client.list_objects_v2(Bucket="artifacts").get("Contents", [])
        return {each["Key"]: s3_client.get_object(Bucket="artifacts", Key=each["Key"])["Body"].read() for each in found}

    for key in content():
        s3_client.delete_object(Bucket="artifacts", Key=key)
    return content


@pytest.fixture
def training(s3_store, tmp_path):
    """Makes the checkpoints of a training in a pod of its own."""
    made: list[Checkpoints] = []

    def make(name="cnn-1", store=s3_store, pod="pod"):
        made.append(Checkpoints(tmp_path / pod / "few" / name, store))
        return made[-1]

    yield make
    for each in made:
        each.close()


def finish_epoch(training, content):
    """As a training does it."""
    training.path.mkdir(parents=True, exist_ok=True)
    (training.path / "draft").write_bytes(content)
    (training.path / "draft").replace(training.path / CHECKPOINT)
    training.epoch_done()


def wait_for(condition):
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end, "it did not get there"
        time.sleep(0.01)


def warnings(caplog):
    return [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]


def test_the_first_epoch_is_in_the_bucket_at_once_and_comes_to_the_next_pod(training, bucket):
    finish_epoch(training(), b"first")
    wait_for(lambda: bucket() == {f"checkpoints/few/cnn-1/{CHECKPOINT}": b"first"})

    folder = training(pod="another").folder()

    assert [each.name for each in folder.iterdir()] == [FETCHED]
    assert (folder / FETCHED).read_bytes() == b"first"


def test_what_follows_soon_is_uploaded_when_the_time_has_passed(training, bucket, monkeypatch):
    monkeypatch.setattr(remote_checkpoint, "EVERY", 0.5)
    one = training()
    finish_epoch(one, b"first")
    wait_for(lambda: list(bucket().values()) == [b"first"])
    finish_epoch(one, b"second")
    finish_epoch(one, b"third")
    time.sleep(0.1)

    assert list(bucket().values()) == [b"first"]
    wait_for(lambda: list(bucket().values()) == [b"third"])


def test_a_training_that_is_done_leaves_nothing_and_others_alone(training, bucket):
    one, other = training(), training("cnn-2")
    one.folder()
    finish_epoch(one, b"one")
    finish_epoch(other, b"other")
    wait_for(lambda: len(bucket()) == 2)

    one.clear()

    assert bucket() == {f"checkpoints/few/cnn-2/{CHECKPOINT}": b"other"}
    assert [each.name for each in one.path.parent.iterdir()] == ["cnn-2"]


def test_an_upload_that_is_under_way_when_the_training_is_done_leaves_nothing(training, bucket):
    for number in range(5):
        one = training(f"cnn-{number}")
        one.folder()
        finish_epoch(one, bytes(1 << 20))

        one.clear()

        assert bucket() == {}


def test_a_training_that_failed_leaves_its_checkpoint(training, bucket):
    one = training()
    one.folder()
    finish_epoch(one, b"one")
    wait_for(lambda: len(bucket()) == 1)

    one.close()
    finish_epoch(one, b"late")
    time.sleep(0.1)

    assert list(bucket().values()) == [b"one"]


def test_what_is_old_goes_when_another_training_of_the_use_case_is_done(s3_store, training, bucket, tmp_path):
    for name in ("cnn-old", "wide-old"):
        finish_epoch(training(name), b"left over")
    s3_store.copyfile(
        f"s3://artifacts/checkpoints/few/cnn-old/{CHECKPOINT}", "s3://artifacts/checkpoints/many/cnn-1/it"
    )
    wait_for(lambda: len(bucket()) == 3)
    one = RemoteCheckpoint(s3_store, "s3://artifacts/checkpoints/few", "cnn-1", tmp_path / CHECKPOINT)

    one.remove(timedelta(days=14))
    assert len(bucket()) == 3

    one.remove(timedelta(0))
    assert list(bucket()) == ["checkpoints/many/cnn-1/it"]


def test_what_is_old_on_this_disk_goes_too(training):
    one = training(store=None)
    ages = {"cnn-old": KEPT + timedelta(hours=1), "cnn-new": KEPT - timedelta(hours=1)}
    for name, age in ages.items():
        finish_epoch(training(name, store=None), b"left over")
        then = time.time() - age.total_seconds()
        os.utime(one.path.parent / name, (then, then))
    one.folder()

    one.clear()

    assert [each.name for each in one.path.parent.iterdir()] == ["cnn-new"]


def test_a_training_without_epochs_asks_the_bucket_nothing(training, refuse_after, caplog):
    one = training()

    with refuse_after(0):
        one.clear()

    assert warnings(caplog) == []


@pytest.fixture
def faults(endpoint):
    """The way to the bucket, which can be disturbed."""
    with faulty(endpoint) as way:
        yield way


@pytest.fixture
def far_store(faults):
    """The same bucket, by that way."""
    store = new_s3_store(artifacts_at(faults.url))
    yield store
    store.cleanup()


def test_a_bucket_that_refuses_is_told_of_once(training, bucket, faults, far_store, refuse_after, monkeypatch, caplog):
    monkeypatch.setattr(remote_checkpoint, "EVERY", 0.05)
    one = training(store=far_store)
    with refuse_after(0):
        assert list(one.folder().glob("*")) == []
        for content in (b"first", b"second"):
            asked = faults.requests
            finish_epoch(one, content)
            wait_for(lambda asked=asked: faults.requests > asked)
    assert len(warnings(caplog)) == 1
    assert f"s3://artifacts/checkpoints/few/cnn-1/{CHECKPOINT} cannot be read (" in warnings(caplog)[0]

    wait_for(lambda: list(bucket().values()) == [b"second"])  # though no further epoch has ended
    assert len(warnings(caplog)) == 1


def test_an_upload_that_fails_is_told_with_the_place_and_the_reason(training, refuse_after, caplog):
    one = training()
    with refuse_after(0):
        finish_epoch(one, b"first")
        wait_for(lambda: warnings(caplog))

    assert warnings(caplog)[0].startswith(f"s3://artifacts/checkpoints/few/cnn-1/{CHECKPOINT} cannot be written (")
    assert warnings(caplog)[0].endswith("): the training goes on with its checkpoint on this disk only")


def test_a_bucket_that_does_not_answer_holds_up_no_epoch(training, bucket, faults, far_store):
    one = training(store=far_store)
    faults.hang()
    started = time.monotonic()
    for number in range(20):
        finish_epoch(one, bytes([number]))
    wait_for(lambda: faults.faults)
    assert time.monotonic() - started < SOON / 2
    assert bucket() == {}
    faults.heal()  # what hangs is cut, and tried again
    wait_for(bucket)


def test_no_thread_is_left(training):
    one = training()
    one.folder()
    finish_epoch(one, b"one")

    one.clear()

    assert [each for each in threading.enumerate() if each.name == "checkpoint" and each.is_alive()] == []
