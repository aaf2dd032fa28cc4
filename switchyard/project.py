"""Where the project stands: relative paths in configs start from here, on a laptop and in a pod."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".switchyard"  # what a run leaves for the next one; safe to delete
