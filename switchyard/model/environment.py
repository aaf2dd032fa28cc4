"""The versions of what a model was made with."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = ("scikit-learn", "torch", "optuna", "polars", "numpy", "onnx", "onnxruntime")


def versions() -> dict[str, str]:
    """Version by package, and Python's."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
