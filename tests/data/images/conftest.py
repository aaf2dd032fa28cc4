"""Folders of images for the tests below."""

from tests.fixtures.images import ingested, pets

__all__ = ["ingested", "pets"]
