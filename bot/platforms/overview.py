"""What a person sees outside of any channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.messages.message import PaperBlock
from bot.reading.lists import Reader


class Overview(Protocol):
    """What a person sees outside of any channel."""

    async def saved(self, reader: Reader, limit: int) -> tuple[int, Sequence[PaperBlock]]:
        """How many papers are on a reading list, and the lines of the latest of them."""
        ...

    async def health(self, time_zone: str) -> str:
        """How the feeds and the posting are doing, in a line with times of that IANA zone."""
        ...
