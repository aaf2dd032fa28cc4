"""Six steps that do nothing to speak of, the way this project runs its steps: start, stack, materializers, lines.

python fixed_cost_ours.py [--tracked | --numbers]: with --tracked, train and evaluate have an MLflow run as those of the
project do; with --numbers, the steps pass numbers on (`peers/zenml_six.py`) instead of tables and reports.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from stacks.setup.session import open_session  # noqa: E402
from stacks.setup.stack_file import read_stack  # noqa: E402


def main() -> None:
    """On the local stack, as run.py applies it."""
    from rich.console import Console

    stack = read_stack("local")
    with open_session(debug=False):
        from stacks.setup.apply import apply_stack

        apply_stack("local", stack)
        if "--numbers" in sys.argv:
            from bench.programs.peers.zenml_six import six as pipeline
        else:
            from bench.programs.fixed_cost_steps import fixed_cost

            pipeline = partial(fixed_cost, tracked="--tracked" in sys.argv)
        from runs.progress import step_lines

        gc.freeze()
        gc.enable()
        with step_lines(Console(highlight=False), debug=False, failed=[]):
            done = pipeline()
    if done.status.value != "completed" or len(done.steps) != 6:
        raise SystemExit(f"{done.name} {done.status.value}")


if __name__ == "__main__":
    gc.disable()  # this and what follows from it as in run.py and runs/launch.py
    main()
    gc.freeze()
