"""What can become of the best candidate of a run."""

from __future__ import annotations

from typing import Final, Literal

Verdict = Literal["promoted", "champion kept", "refused"]

PROMOTED: Final = "promoted"
KEPT: Final = "champion kept"
REFUSED: Final = "refused"
