"""The names of a training's checkpoint files."""

from __future__ import annotations

CHECKPOINT = "checkpoint.zip"
"""What a training keeps in its folder after each epoch, always whole."""
FETCHED = "fetched.zip"
"""Beside it, one that was kept elsewhere: a training goes on from the newer of the two."""
