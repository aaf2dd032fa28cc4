"""Submits the first two steps of Titanic to the Kubeflow stack, started and set up as `run.py` does it.

python cold_run.py [--plain]: with it, the steps are started by ZenML's own command instead of the project's.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)

from stacks.setup.session import open_session  # noqa: E402
from stacks.setup.stack_file import read_stack  # noqa: E402


def main() -> None:
    """To the end of the run."""
    from rich.console import Console

    from runs.preflight import preflight

    config, source = preflight(Path("configs/titanic.yaml"), [])
    stack = read_stack("kubeflow")
    with open_session(debug=False):
        from stacks.setup.apply import apply_stack

        apply_stack("kubeflow", stack)
        if "--plain" in sys.argv:
            from zenml.entrypoints import StepEntrypointConfiguration

            from stacks.orchestrators.kubeflow import spec

            spec.STEP_COMMAND = StepEntrypointConfiguration.get_entrypoint_command()
        from zenml import pipeline
        from zenml.enums import ExecutionMode

        from runs.progress import step_lines
        from steps.ingest import ingest
        from steps.validate import validate
        from switchyard.tasks.recipes import Recipes

        @pipeline(enable_cache=False, substitutions={"use_case": "titanic"})
        def cold_start() -> None:
            recipes = Recipes.of(config, source.fingerprint)
            validate(ingest(recipe=recipes.ingest), recipe=recipes.validate)

        gc.freeze()
        gc.enable()
        with step_lines(Console(highlight=False), debug=False, failed=[]):
            done = cold_start.with_options(execution_mode=ExecutionMode.FAIL_FAST)()
    if done.status.value != "completed" or len(done.steps) != 2:
        raise SystemExit(f"{done.name} {done.status.value}")


if __name__ == "__main__":
    gc.disable()  # this and what follows from it as in run.py and runs/launch.py
    main()
