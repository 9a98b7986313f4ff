"""Words one after the other in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def listed(words: Iterable[str]) -> str:
    """The words, at least one: `a`, `a and b`, `a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def either(words: Sequence[str]) -> str:
    """The words, at least one, as a choice between backticks: `a`, `b` or `c`."""
    *most, last = [f"`{word}`" for word in words]
    return f"{', '.join(most)} or {last}" if most else last
