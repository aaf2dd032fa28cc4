"""Batch normalisation over the images of all processes, so that two processes learn what one would.

torch has this as `SyncBatchNorm`, for GPUs only; this one also works on a CPU, and is tested there. Alone, and when
not in training, it is torch's own `BatchNorm2d`.
"""

from __future__ import annotations

import torch
from torch import distributed, nn
from torch.autograd.function import FunctionCtx


class BatchNorm(nn.BatchNorm2d):
    """`BatchNorm2d` whose statistics are those of the whole batch; see Ioffe & Szegedy 2015."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Normalise each channel of (N, C, H, W)."""
        if not (self.training and distributed.is_initialized() and distributed.get_world_size() > 1):
            return super().forward(input)
        values = input.float()  # also under autocast: a sum of squares needs the digits
        count = values.new_tensor([values.numel() / values.shape[1]])
        sums: torch.Tensor = _Sum.apply(  # type: ignore[no-untyped-call]
            torch.cat([values.sum((0, 2, 3)), values.square().sum((0, 2, 3)), count])
        )
        channels, count = values.shape[1], sums[-1]
        mean = sums[:channels] / count
        variance = sums[channels:-1] / count - mean.square()
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalised: torch.Tensor = values * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]
        return normalised

    def _remember(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)


def remember_an_epoch(network: nn.Module, steps: int) -> None:
    """Have the statistics that the network normalises with, when it does not learn, come from the last epoch.

    torch's moving average reaches back some twenty steps. Of few images that is several epochs, in which the weights
    have become others: training is nearly perfect, and validation is guessing. Of many it stays as it is.

    Args:
        network: Its `BatchNorm2d` are set.
        steps: Of an epoch.
    """
    momentum = max(0.1, 1 - 0.1 ** (1 / steps))  # nine tenths of the weight are those of one epoch's steps
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = momentum


class _Sum(torch.autograd.Function):
    """The sum over all processes; what flows back is summed as well."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: torch.Tensor) -> torch.Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: FunctionCtx, *gradients: torch.Tensor) -> torch.Tensor:
        return _Sum.forward(ctx, gradients[0])
