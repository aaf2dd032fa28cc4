"""What the image is called: one tag for one lock, so that an image that fits is found again and never built twice."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from switchyard.project import ROOT

NAME = "switchyard"
DOCKERFILE = Path(__file__).resolve().parent / "Dockerfile"


def image_tag(lock: Path = ROOT / "requirements.lock") -> str:
    """The hash of what the image is made of.

    Args:
        lock: The packages.

    Returns:
        Sixteen hexadecimal digits; others if the lock or the Dockerfile are others.
    """
    digest = sha256()
    for file in (lock, DOCKERFILE):
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]
