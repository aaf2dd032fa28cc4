"""What is told of a training while it goes on: a line an epoch in the log, and the curve in MLflow."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from steps.support.tracking import log_epochs
from switchyard.model.onnx_model import OnnxModel

_LOG = logging.getLogger(__name__)  # runs/progress.py shows what this logger says


class Epochs:
    """Takes the figures of each epoch as they come.

    Args:
        candidate: What the config calls the candidate.
    """

    def __init__(self, candidate: str) -> None:
        """Nothing has been told yet."""
        self.candidate = candidate
        self._told: set[int] = set()

    def __call__(self, epoch: Mapping[str, float]) -> None:
        """Tells one epoch."""
        other = f" seed {epoch['seed']:.0f}" if "seed" in epoch else ""
        _LOG.info("train_%s%s epoch %d: %s", self.candidate, other, epoch["epoch"], in_words(epoch))
        if other:  # the curve is that of the candidate alone
            return
        log_epochs([epoch])
        self._told.add(int(epoch["epoch"]))

    def complete(self, model: OnnxModel) -> None:
        """Records what a run that was killed had told another MLflow run: the curve is whole in each."""
        epochs = (model.metadata.get("training") or {}).get("epochs") or []
        log_epochs([each for each in epochs if int(each["epoch"]) not in self._told])


def in_words(epoch: Mapping[str, float]) -> str:
    """`loss 0.214 (validation 0.118), accuracy 0.941 (validation 0.967), learning rate 0.0038, 3.2 s`."""
    figures = []
    for name in ("loss", "accuracy"):
        beside = epoch.get(f"validation_{name}")
        figures.append(f"{name} {epoch[name]:.3g}{'' if beside is None else f' (validation {beside:.3g})'}")
    return f"{', '.join(figures)}, learning rate {epoch['learning_rate']:.3g}, {epoch['seconds']:.1f} s"
