"""How MLflow loads a logged model (flavor python_function): through onnxruntime, like everything else here.

MLflow calls `_load_pyfunc`; nothing of MLflow is needed for that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.model.onnx_model import OnnxModel

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class OnnxPredictor:
    """Answers for a table of raw columns, or of a column `image` with encoded files.

    Args:
        model: The ONNX file and its metadata.
    """

    def __init__(self, model: OnnxModel) -> None:
        """Keeps the model; the session is made with the first table."""
        self.model = model

    def predict(self, table: pd.DataFrame, params: dict[str, Any] | None = None) -> dict[str, np.ndarray]:
        """All outputs of the model by name, one entry a row."""
        del params
        import polars as pl

        return self.model.run(pl.from_pandas(table))


def _load_pyfunc(path: str) -> OnnxPredictor:
    """Loads the folder that a training run logged to MLflow."""
    return OnnxPredictor(OnnxModel.of_folder(Path(path)))
