"""The container command of a step: ZenML's own entrypoint, without what makes it slow to start.

The image holds dependencies only, so when the process starts nothing of the project can be imported; that is why this
is a program on the command line. ZenML activates every integration that is installed before it downloads the project
(torch and scikit-learn are imported with them: several seconds), and it looks into its cache with rules that ours
replace, so the program takes out the one, and calls `stacks.zenml_patches.startup` once the code is there. ZenML asks
the main module for its file, so the entrypoint has to be that module, as with `python -m`. The garbage collector is
kept out of the imports and of the exit, as in `run.py`: half a second at the start, and as much at the end. And the
text of `deferred_models.py` goes along, so that ZenML's models are built when they are used: another half.
"""

from __future__ import annotations

from inspect import getsource

from stacks.zenml_patches import deferred_models

_PROGRAM = f"""\
import gc
import runpy

gc.disable()
{getsource(deferred_models)}
with deferred_models():
    from zenml.entrypoints.base_entrypoint_configuration import BaseEntrypointConfiguration
    from zenml.integrations.registry import integration_registry

def prepare_code_environment(self, download=BaseEntrypointConfiguration.prepare_code_environment):
    download(self)
    from stacks.zenml_patches.startup import prepare
    prepare()
    gc.freeze()
    gc.enable()

integration_registry.activate_integrations = lambda: None
BaseEntrypointConfiguration.prepare_code_environment = prepare_code_environment
runpy.run_module("zenml.entrypoints.entrypoint", run_name="__main__", alter_sys=True)
gc.freeze()
"""

# ZenML's arguments (which step of which snapshot) are appended.
STEP_COMMAND: list[str] = ["python", "-c", _PROGRAM]
