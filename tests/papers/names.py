"""Names of authors, as a source's list of them is read."""

from __future__ import annotations

from bot.papers.names import Name, read_names


def names(*written: str) -> tuple[Name, ...]:
    return tuple(read_names(written))
