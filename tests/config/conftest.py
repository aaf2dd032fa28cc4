"""The table of houses, for the tests below."""

from tests.fixtures.houses import houses, rows

__all__ = ["houses", "rows"]
