"""What came of a release, a rollback or a retirement."""

from __future__ import annotations

from typing import ClassVar

from switchyard.records import Record
from switchyard.serving.rollout.deployer import Endpoint


class ReleaseResult(Record):
    """What is in production after the run.

    Attributes:
        use_case: The registered model's name.
        run: The run's name.
        version: What serves; None after a retirement.
        endpoint: Where it answers; None after a retirement.
        repaired: What a crashed run had left undone and this one finished, a sentence each.
    """

    WHAT: ClassVar[str] = "the recorded release"

    use_case: str
    run: str
    version: int | None = None
    endpoint: Endpoint | None = None
    repaired: tuple[str, ...] = ()
