"""Cards below the links that people write."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.messages.message import PaperBlock

#: The card of the paper that an address leads to, None for an address that leads to none we can learn of.
CardOf = Callable[[str], Awaitable[PaperBlock | None]]
