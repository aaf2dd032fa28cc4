"""In the process of a task: when the step's own code began and ended, and what had been imported by then.

Python imports this module at its start, from PYTHONPATH; it costs a few milliseconds. BENCH_TASK_MARKS is the file.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import sys
import time
from functools import wraps

_WHERE = "zenml.steps.base_step"
_HEAVY = ("torch", "mlflow", "sklearn", "kfp", "kubernetes")
_marks: dict[str, object] = {}


class _Finder:
    """Finds one module, once, and has it changed when it has been imported."""

    def find_spec(self, name, path, target=None):
        if name != _WHERE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            module.BaseStep.call_entrypoint = _marked(module.BaseStep.call_entrypoint)

        spec.loader.exec_module = exec_module
        return spec


def _marked(call):
    @wraps(call)
    def marked(step, *args, **kwargs):
        _marks.update(step=os.environ["BENCH_STEP"], begun=time.time(), cpu=time.process_time(), imported=_imported())
        try:
            return call(step, *args, **kwargs)
        finally:
            _marks["done"] = time.time()

    return marked


def _imported():
    return [name for name in _HEAVY if name in sys.modules]


@atexit.register
def _write():
    if "begun" in _marks:
        _marks["imported_late"] = [name for name in _imported() if name not in _marks["imported"]]
        with open(os.environ["BENCH_TASK_MARKS"], "w") as file:  # noqa: PTH123 - pathlib need not be imported yet
            json.dump(_marks, file)


if os.environ.get("BENCH_TASK_MARKS"):
    sys.meta_path.insert(0, _Finder())
