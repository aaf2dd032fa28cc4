"""Loaded by Python itself when this folder is on PYTHONPATH: does harm to a command of the product at a chosen call.

HARM_AT is `module:function`; HARM_HOW is `kill` (kill -9) or `pause` (wait to be ended from outside), or `spoil`
(change a weight in the ONNX file that the function returns). HARM_WHEN is `before` or `after` the call. HARM_MARK
is a file that appears when the process has got there.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import wraps
from importlib.machinery import PathFinder
from pathlib import Path


def _halt():
    if os.environ["HARM_HOW"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(120)
    raise AssertionError("nobody has ended this process")


def _spoilt(content: bytes) -> bytes:
    """The file with the weights of its matrix product a hundredth larger."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(content)
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    weights = next(each for each in model.graph.initializer if each.name in product.input)
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * 1.01, weights.name))
    return model.SerializeToString(deterministic=True)


def _harmed(function):
    @wraps(function)
    def harmed(*arguments, **named):
        spoil, after = os.environ["HARM_HOW"] == "spoil", os.environ["HARM_WHEN"] == "after"
        result = function(*arguments, **named) if spoil or after else None
        Path(os.environ["HARM_MARK"]).touch()
        return _spoilt(result) if spoil else _halt()

    return harmed


class _Finder:
    """Finds the one module as ever, but changes one of its functions once it has been loaded."""

    def __init__(self, module: str, function: str) -> None:
        self.module, self.function = module, function

    def find_spec(self, name, path=None, target=None):
        if name != self.module:
            return None
        spec = PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def changed(module):
            execute(module)
            setattr(module, self.function, _harmed(getattr(module, self.function)))

        spec.loader.exec_module = changed
        return spec


if "HARM_AT" in os.environ:
    sys.meta_path.insert(0, _Finder(*os.environ["HARM_AT"].split(":")))
