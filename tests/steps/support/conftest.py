"""An empty ZenML in this process."""

from tests.stacks.conftest import zenml

__all__ = ["zenml"]
