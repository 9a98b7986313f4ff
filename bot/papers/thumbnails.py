"""Thumbnails: pictures of papers, which feeds name by their addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture. `media_type` is what its content is, whatever its server says."""

    media_type: str
    content: bytes


class Thumbnails(Protocol):
    """Where pictures are had, so that nobody who looks at a page asks the servers of feeds for them."""

    async def fetch(self, url: str) -> Thumbnail | None:
        """The picture at an address that a feed gave; None where none can be had."""
        ...
