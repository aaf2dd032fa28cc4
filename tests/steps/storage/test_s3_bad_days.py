"""A bucket that is away for a while costs a table nothing; one that stays away is an error, and leaves nothing."""

from __future__ import annotations

import uuid

import polars as pl
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.s3.faults import faulty
from steps.storage.artifacts import DatasetMaterializer
from switchyard.data.dataset import Dataset
from tests.steps.conftest import artifacts_at, new_s3_store

ROWS = pl.DataFrame({"number": range(1000)})


@pytest.fixture
def bucket(endpoint, s3_client):
    """The way to the bucket, which can be disturbed."""
    with faulty(endpoint) as faults:
        yield faults


@pytest.fixture
def store(bucket):
    """A store with the retries of stacks/kubeflow.yaml, and less patience for each request."""
    patience = {"retries": {"mode": "standard", "total_max_attempts": 3}, "read_timeout": 0.5}
    made = new_s3_store(artifacts_at(bucket.url, config_kwargs=patience))
    yield made
    made.cleanup()


@pytest.fixture
def table(tmp_path):
    (tmp_path / "table").mkdir()
    ROWS.write_parquet(tmp_path / "table" / "raw.parquet")
    return Dataset(root=str(tmp_path / "table"), parts=("raw",))


@pytest.fixture
def materializer(store):
    return DatasetMaterializer(f"s3://artifacts/{uuid.uuid4()}", artifact_store=store)


@pytest.mark.parametrize("kind", ["refuse", "hang", "drop"])
def test_what_passes_is_waited_out(bucket, materializer, table, kind):
    getattr(bucket, kind)(2)
    materializer.save(table)
    assert bucket.faults == 2

    getattr(bucket, kind)(2)
    read = materializer.load(Dataset).scan("raw").collect()
    assert bucket.faults == 4
    assert read.equals(ROWS)


@pytest.mark.parametrize("kind", ["refuse", "hang"])  # an answer to a write that is cut has been given
def test_what_stays_is_an_error_and_the_table_stays_where_it_was(bucket, materializer, table, kind):
    getattr(bucket, kind)()
    with pytest.raises((OSError, BotoCoreError, ClientError)):
        materializer.save(table)

    bucket.heal()
    assert not materializer.artifact_store.exists(f"{materializer.uri}/parts.json")
    assert table.scan("raw").collect().equals(ROWS)
