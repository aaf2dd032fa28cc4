"""Copies of the project that the tests of whole runs share with those of the command line."""

from tests.integration.conftest import new_project

__all__ = ["new_project"]
