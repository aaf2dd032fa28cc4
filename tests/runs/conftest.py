"""Copies of the project, as the tests of the command line use them, and an empty ZenML in this process."""

from tests.end_to_end.conftest import new_project
from tests.stacks.conftest import zenml

__all__ = ["new_project", "zenml"]
