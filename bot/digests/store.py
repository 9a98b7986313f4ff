"""The store of what each channel is owed, and of its digests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Channel, PlatformName
from bot.digests.digest import Digest, DigestPlan, Elsewhere, PostedPaper, QueuedPaper
from bot.papers.paper import Paper


class DigestStore(Protocol):
    """What each channel is owed, and how it was put into digests."""

    async def due(
        self,
        now: datetime,
        limit: int,
        platforms: Collection[PlatformName] = tuple(PlatformName),
        but: Collection[int] = (),
    ) -> list[Channel]:
        """The channels on these platforms with something to plan, but for those."""
        ...

    async def crowds(self, until: datetime, least: int) -> dict[datetime, int]:
        """The times until then at which the digests of at least so many channels are due, and of how many."""
        ...

    async def next_due(self, until: datetime, limit: int) -> list[Channel]:
        """The channels that have their next digest first, before that time, and those whose pause ends before it.

        People's own are left out.
        """
        ...

    async def waiting_counts(self, channel_ids: Sequence[int]) -> dict[int, int]:
        """How many papers wait in each of these channels; those with none are left out."""
        ...

    async def sharing(self, moment: datetime) -> int:
        """How many channels have their next digest at that time."""
        ...

    async def waiting(self, channel_id: int) -> list[QueuedPaper]: ...

    async def waiting_in(self, channel_ids: Sequence[int]) -> dict[int, list[QueuedPaper]]:
        """What waits in each of many channels, asked for in one go."""
        ...

    async def elsewhere(self, channel_ids: Sequence[int]) -> dict[int, Elsewhere]:
        """What of that those people, whose own channels these are, have in other channels of theirs.

        Theirs are the channels in which they have named topics. Read is what was posted there and shown; coming is
        what waits there and will be shown. What a digest only counts is neither.
        """
        ...

    async def plan(self, plan: DigestPlan, now: datetime) -> bool:
        """Stores a digest with its posts and moves the channel on, all or nothing.

        False, and nothing is stored, when the channel moved on or a paper was taken since the plan was made.
        """
        ...

    async def plan_all(self, plans: Sequence[DigestPlan], now: datetime) -> set[int]:
        """Stores the plans of different channels, some in a transaction; returns the channels whose plan is stored."""
        ...

    async def digests(self, digest_ids: Sequence[int]) -> dict[int, Digest]: ...

    async def hidden(self, digest_id: int) -> list[Paper]:
        """The papers of a digest beyond those that its messages show."""
        ...

    async def topics_of(
        self, digest_ids: Sequence[int], *, shown: bool = False
    ) -> dict[int, dict[str, tuple[str, ...]]]:
        """For each paper of each digest the titles of the topics that matched it; with `shown`, for those that it shows
        and not for those that it only counts."""
        ...

    async def history(self, channel_id: int, limit: int, *, since: datetime | None = None) -> list[PostedPaper]:
        """The latest papers that were posted in the channel, newest first, none from before `since`."""
        ...

    async def delivered_ids(self, channel_id: int, paper_ids: Sequence[str]) -> set[str]:
        """Which of these papers are posted in the channel or wait to be."""
        ...
