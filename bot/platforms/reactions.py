"""The port of reactions: what platforms tell of the emoji that people put below messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.channels.channel import Address
from bot.platforms.outcomes import Outgoing
from bot.reading.lists import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji that a person puts below a message, or takes away again.

    `emoji` is the character itself or the platform's name for it, with or without a skin tone. `everywhere` says that
    the person's id means the same person in every workspace. `paper_id` is the one paper that the message shows, where
    the platform knows: without it, only messages that came through the outbox are known.
    """

    address: Address
    message_id: str
    person: str
    emoji: str
    everywhere: bool = False
    paper_id: str = ""

    @property
    def reader(self) -> Reader:
        """Whose reading list a bookmark is for."""
        return Reader(self.address.platform, "" if self.everywhere else self.address.workspace, self.person)


class ReactionListener(Protocol):
    """Hears of reactions. Both return what the message says from now on, None where that is nothing new; they never
    raise."""

    async def added(self, reaction: Reaction) -> Outgoing | None: ...

    async def taken_back(self, reaction: Reaction) -> Outgoing | None: ...
