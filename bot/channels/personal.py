"""Personal channels: where a person gets the papers of their own topics, in their direct messages with the bot.

Such a channel is one like others: it has a schedule, a queue, a history, and nothing comes there twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Channel, PlatformName
from bot.messages.message import PersonMention


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalChannel:
    """Whose channel it is, by the platform's id and by name. `pings` says that they want to be notified of papers for
    them in other channels."""

    channel: Channel
    person: str
    name: str
    pings: bool = False


class PersonalChannelStore(Protocol):
    async def find(self, platform: PlatformName, workspace: str, person: str) -> PersonalChannel | None:
        """A person's channel; with an empty `workspace` that of any, where people are the same ones everywhere."""
        ...

    async def keep(self, channel_id: int, person: str, name: str) -> None:
        """Notes whose channel it is, and what they are called now."""
        ...

    async def set_pings(self, channel_id: int, pings: bool) -> None: ...

    async def leave(self, channel_id: int, place: int) -> int:
        """Notes that they read another channel no more: topics that they named there are for them alone now.

        Returns how many.
        """
        ...

    async def take_refusal(self, platform: PlatformName, workspace: str, person: str) -> str:
        """Why nothing reaches a person in their channel, once for each time that it happens; else an empty string."""
        ...

    async def people_for(
        self, channel_ids: Sequence[int], paper_ids: Sequence[str]
    ) -> dict[tuple[int, str], tuple[PersonMention, ...]]:
        """Whose own topics, named in each of these channels and not quietly, each of these papers suits."""
        ...

    async def delete_stopped(self, stopped_before: datetime, now: datetime, limit: int) -> int:
        """Deletes some of what is kept for people whom nothing reaches since that time, about `limit` rows.

        Returns how many rows; 0 when nothing is left to delete now. Notes on the way since when that is so.
        """
        ...
