"""Tables: which modules do the work of each step."""

from __future__ import annotations

from typing import cast

from switchyard.config.sections import TABLE_TASKS
from switchyard.project import ROOT
from switchyard.tasks.data import DataSteps
from switchyard.tasks.evaluation import Evaluating
from switchyard.tasks.gates import Gates
from switchyard.tasks.kind import Kind
from switchyard.tasks.serving import Serving
from switchyard.tasks.training import Training


class Tables(Kind):
    """See `Kind`."""

    name = "tables"
    tasks = TABLE_TASKS
    more_code = (ROOT / "switchyard" / "config" / "features.py",)  # decides which columns a model sees

    def data(self) -> DataSteps:
        """See `Kind.data`."""
        from switchyard.data.tables import task as functions

        return cast(DataSteps, functions)

    def training(self) -> Training:
        """See `Kind.training`."""
        from switchyard.training.tables import task as functions

        return cast(Training, functions)

    def evaluation(self) -> Evaluating:
        """See `Kind.evaluation`."""
        from switchyard.evaluation.tables import task as functions

        return cast(Evaluating, functions)

    def gates(self) -> Gates:
        """See `Kind.gates`."""
        from switchyard.evaluation.tables import gates as functions

        return cast(Gates, functions)

    def serving(self) -> Serving:
        """See `Kind.serving`."""
        from switchyard.serving.rollout import tables as functions

        return cast(Serving, functions)
