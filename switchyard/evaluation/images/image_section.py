"""The base of the sections that only images have."""

from __future__ import annotations

from typing import ClassVar

from switchyard.evaluation.images.context import ImageContext
from switchyard.evaluation.images.gate_schema import ImageGates
from switchyard.evaluation.section import Section


class ImageSection(Section[ImageContext, ImageGates]):
    """A section that is measured for images."""

    kinds: ClassVar[frozenset[str] | None] = frozenset({"images"})
