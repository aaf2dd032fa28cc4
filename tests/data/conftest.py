"""What more than one test of the data needs."""

from tests.fixtures.bucket import bucket, s3_server

__all__ = ["bucket", "s3_server"]
