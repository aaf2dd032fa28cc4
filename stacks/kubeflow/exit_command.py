"""The container command of the last task of every run, which KFP starts however the others ended.

Like a step's command it is a program, since nothing of the project can be imported before it has been downloaded.
"""

from __future__ import annotations

EXIT_TASK = "settle"

_PROGRAM = """\
import sys
from zenml.entrypoints.base_entrypoint_configuration import BaseEntrypointConfiguration
from zenml.integrations.registry import integration_registry

integration_registry.activate_integrations = lambda: None

class Settle(BaseEntrypointConfiguration):
    def run(self):
        self.prepare_code_environment()
        from stacks.kubeflow.cleanup import settle
        settle(self.snapshot)

Settle(sys.argv[1:]).run()
"""

# `--snapshot_id ID` is appended.
EXIT_COMMAND: list[str] = ["python", "-c", _PROGRAM]
