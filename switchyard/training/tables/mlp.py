"""A small multi-layer perceptron in torch, with scikit-learn's fit and predict.

It computes in float64: at this size that costs little, and the graph repeats its results exactly
enough to agree on every label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from switchyard.config.sections import Task

if TYPE_CHECKING:
    import torch

LIMIT = 8.0
"""Standardised inputs are cut off this many standard deviations out: a network extrapolates wildly."""

RANGES: dict[str, tuple[type, float, float]] = {
    "hidden": (int, 1, 4096),
    "layers": (int, 1, 8),
    "learning_rate": (float, 1e-7, 10),
    "weight_decay": (float, 0, 10),
    "dropout": (float, 0, 0.95),
    "epochs": (int, 1, 100_000),
    "batch_size": (int, 1, 1_000_000),
}


@dataclass(frozen=True)
class MlpParams:
    """Hyperparameters.

    Attributes:
        hidden: Units per hidden layer.
        layers: Number of hidden layers.
        learning_rate: At the first step.
        weight_decay: AdamW's.
        dropout: The share of hidden units dropped in training.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
    """

    hidden: int = 32
    layers: int = 1
    learning_rate: float = 0.01
    weight_decay: float = 1e-3
    dropout: float = 0.0
    epochs: int = 40
    batch_size: int = 256


class Mlp:
    """ReLU layers of one width, trained by AdamW with a learning rate that falls to zero.

    Args:
        task: Classification (softmax, cross-entropy) or regression (squared error of the standardised target).
        seed: Of the weights, the batches and the dropout.
        **params: See `MlpParams`; nothing is checked or built yet.

    Raises:
        TypeError: There is no such hyperparameter.
    """

    def __init__(self, task: Task, *, seed: int, **params: float) -> None:
        """Takes the hyperparameters."""
        self.task: Task = task
        self.seed = seed
        self.params = MlpParams(**params)  # type: ignore[arg-type]

    def _validate_params(self) -> None:
        for name, (kind, low, high) in RANGES.items():
            value = getattr(self.params, name)
            fits = isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)
            if not fits or not low <= value <= high:
                noun = "an int" if kind is int else "a number"
                raise ValueError(
                    f"The {name!r} parameter of Mlp must be {noun} from {low:g} to {high:g}. Got {value!r} instead."
                )

    def fit(self, matrix: np.ndarray, target: np.ndarray) -> Mlp:
        """Train on rows (rows, columns) and class numbers or values (rows,)."""
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self._prepare(target)
            outputs = len(self.classes_) if self.task == "classification" else 1
            self.network_ = self._network(matrix.shape[1], outputs)
            self._descend(_limited(matrix), torch.from_numpy(self._standardised(target)))
        return self

    def layers_of_weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Weight (in, out) and bias (out,) of each linear layer, in order."""
        import torch

        linear = [module for module in self.network_ if isinstance(module, torch.nn.Linear)]
        return [(m.weight.detach().numpy().T.copy(), m.bias.detach().numpy().copy()) for m in linear]

    def predict_proba(self, matrix: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes)."""
        import torch

        return np.asarray(torch.softmax(self._forward(matrix), dim=1).numpy())

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Class numbers or values (rows,)."""
        if self.task == "classification":
            return np.asarray(self.classes_[self.predict_proba(matrix).argmax(axis=1)])
        return np.asarray(self._forward(matrix).numpy()[:, 0] * self.scale_ + self.mean_)

    def _prepare(self, target: np.ndarray) -> None:
        self.classes_ = np.unique(target) if self.task == "classification" else np.array([])
        self.mean_ = float(target.mean()) if self.task == "regression" else 0.0
        self.scale_ = float(target.std()) or 1.0 if self.task == "regression" else 1.0

    def _standardised(self, target: np.ndarray) -> np.ndarray:
        if self.task == "classification":
            return np.searchsorted(self.classes_, target)
        return (target - self.mean_) / self.scale_

    def _network(self, inputs: int, outputs: int) -> torch.nn.Sequential:
        import torch

        modules: list[torch.nn.Module] = []
        for width in [inputs, *[self.params.hidden] * (self.params.layers - 1)]:
            modules += [torch.nn.Linear(width, self.params.hidden, dtype=torch.float64), torch.nn.ReLU()]
            if self.params.dropout:
                modules.append(torch.nn.Dropout(self.params.dropout))
        return torch.nn.Sequential(*modules, torch.nn.Linear(self.params.hidden, outputs, dtype=torch.float64))

    def _descend(self, matrix: torch.Tensor, target: torch.Tensor) -> None:
        import torch

        optimizer = torch.optim.AdamW(
            self.network_.parameters(), lr=self.params.learning_rate, weight_decay=self.params.weight_decay, fused=True
        )
        steps = self.params.epochs * -(-len(matrix) // self.params.batch_size)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
        self.network_.train()
        for _ in range(self.params.epochs):
            for rows in torch.split(torch.randperm(len(matrix)), self.params.batch_size):
                optimizer.zero_grad()
                torch.autograd.backward(self._loss(self.network_(matrix[rows]), target[rows]))
                optimizer.step()
                schedule.step()
        self.network_.eval()

    def _loss(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        import torch

        if self.task == "classification":
            return torch.nn.functional.cross_entropy(output, target)
        return torch.nn.functional.mse_loss(output[:, 0], target)

    def _forward(self, matrix: np.ndarray) -> torch.Tensor:
        import torch

        with torch.inference_mode():
            output: torch.Tensor = self.network_(_limited(matrix))
        return output


def _limited(matrix: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(matrix)).clamp(-LIMIT, LIMIT)
