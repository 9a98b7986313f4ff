"""Addresses of the web, as feeds write them."""

from __future__ import annotations

from typing import Final

#: What would end an address where it stands, or has no place in one (RFC 3986).
_ENDING: Final = frozenset(' <>"\\')


def is_web_url(url: str) -> bool:
    """Whether it leads to a page, runs nothing, and goes on to its end wherever it is written."""
    return url.startswith(("https://", "http://")) and url.isprintable() and _ENDING.isdisjoint(url)
