"""What a paired test says of two models on the same rows; `delong`, `mcnemar` and `paired_bootstrap` each make one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A metric of both models, and how sure it is that they differ.

    Attributes:
        champion: The metric of the model in production.
        challenger: The metric of the one that wants its place.
        low: Lower end of the interval of `effect`.
        high: Upper end.
        p: Of a difference at least as large, either way, if the models were equally good.
    """

    champion: float
    challenger: float
    low: float
    high: float
    p: float

    @property
    def effect(self) -> float:
        """Challenger minus champion, in the metric's own unit."""
        return self.challenger - self.champion
