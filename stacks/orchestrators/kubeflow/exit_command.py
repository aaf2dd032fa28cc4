"""The container command of the last task of every run, which KFP starts however the others ended.

Like a step's command it is a program, since nothing of the project can be imported before it has been downloaded, and
ZenML's entrypoint is the main module, for ZenML asks for the file of that.
"""

from __future__ import annotations

EXIT_TASK = "settle"

_ENTRYPOINT = "zenml.entrypoints.pipeline_entrypoint_configuration.PipelineEntrypointConfiguration"
_PROGRAM = """\
import runpy
from zenml.entrypoints.pipeline_entrypoint_configuration import PipelineEntrypointConfiguration
from zenml.integrations.registry import integration_registry

def run(self):
    self.prepare_code_environment()
    from stacks.orchestrators.kubeflow.cleanup import reconcile
    reconcile(self.snapshot)

integration_registry.activate_integrations = lambda: None
PipelineEntrypointConfiguration.run = run
runpy.run_module("zenml.entrypoints.entrypoint", run_name="__main__", alter_sys=True)
"""

# `--snapshot_id ID` is appended.
EXIT_COMMAND: list[str] = ["python", "-c", _PROGRAM, "--entrypoint_config_source", _ENTRYPOINT]
