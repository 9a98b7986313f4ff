"""The outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Address, Channel, PlatformName
from bot.digests.content import PostContent, SharedPaper
from bot.platforms.outcomes import Gone
from bot.posting.post import (
    Begun,
    DeliveryRecord,
    DeliveryWait,
    DigestRecord,
    FailedPost,
    Post,
    PostState,
    Priority,
    SentPost,
    Settlement,
)
from bot.posting.rooms import Rooms


class PostStore(Protocol):
    """The outbox."""

    async def add(self, channel_id: int, content: PostContent, now: datetime) -> int: ...

    async def share(self, channel_id: int, content: SharedPaper, *, now: datetime, since: datetime) -> bool:
        """Adds a paper that somebody shows to the channel; False when it was shared there after that time already."""
        ...

    async def lease(
        self,
        platforms: Sequence[PlatformName],
        *,
        now: datetime,
        until: datetime,
        limit: int,
        rooms: Rooms | None = None,
        least: Priority = Priority.SCHEDULED,
    ) -> list[Post]:
        """Takes posts that are due, at most one of a channel and always its oldest open one, as far as there are
        `rooms` for them. What people wait for goes first; what is less than the `least` priority stays.

        A digest with a post that is looked for longer than `HOLDS_UP_FOR` is passed by the digests after it.
        """
        ...

    async def next_due(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which `lease` may find more than it did then, as time alone brings it; None if
        there is none."""
        ...

    async def begin(self, post: Post, *, now: datetime, until: datetime) -> bool:
        """Notes that a request is about to leave, and holds the post `until` then.

        False when the lease is not ours any more, or has ended: then nothing may leave.
        """
        ...

    async def settle(self, settlement: Settlement) -> bool:
        """Notes what became of a post; False, and nothing is written, when the lease is not ours any more."""
        ...

    async def stop(self, settlement: Settlement, address: Address, gone: Gone) -> list[Channel] | None:
        """Settles a post, and stops the channel of that address, or its whole workspace, in one: so nothing is taken
        for it in between. Returns the channels that were well until now; None, and nothing is written, when the lease
        is not ours any more.
        """
        ...

    async def fold(self, post: Post, *, per_message: int, abstracts: bool, now: datetime) -> bool:
        """Turns a leased reply, and the open ones after it in its thread, into as few messages of the channel as fit.

        False, and nothing is written, when the lease is not ours any more.
        """
        ...

    async def expire(self, now: datetime) -> int:
        """Frees leases that ran out: untried posts are pending again, tried ones are unknown. Returns how many."""
        ...

    async def adopt(self, now: datetime, but: Mapping[int, Begun]) -> frozenset[int]:
        """Takes over what others were about, but for the posts whose latest requests are those: which may have been
        sent, nobody knows when.

        Where the machine's clock is the only one, it may have been set since: their latest requests count as begun
        `now`, as ones that may still come late, and are looked for. Returns which these are. Where a server tells the
        time, there are none.
        """
        ...

    async def lease_unknown(
        self, platforms: Sequence[PlatformName], *, now: datetime, until: datetime, limit: int
    ) -> list[Post]:
        """Takes posts with an unknown outcome to look for them."""
        ...

    async def waits(self, post_ids: Sequence[int]) -> list[DeliveryWait]:
        """For each paper that these posts show: how long after it was listed it was posted. Others are left out."""
        ...

    async def counts(self) -> dict[PostState, int]: ...

    async def open_in(self, channel_id: int) -> int:
        """How many posts of a channel are still to be sent."""
        ...

    async def last_error(self, channel_id: int) -> str: ...

    async def failures(self, channel_id: int, since: datetime) -> list[str]:
        """Why posts that were given up since then will never be sent, the latest first."""
        ...

    async def has_sent(self, channel_id: int, since: datetime) -> bool:
        """Whether anything is known to have come into a channel that was sent since then."""
        ...

    async def failed(self, limit: int, *, channel_id: int | None = None) -> list[FailedPost]:
        """Posts that were given up, of one channel or of all, the latest first."""
        ...

    async def retry(self, post_ids: Collection[int], now: datetime) -> int:
        """Has posts that were given up tried again, and their papers wait again; returns how many there were.

        One of which an earlier request may have arrived is looked for before it is sent. What other topics have brought
        since is left out, and so are posts of which nothing else is left.
        """
        ...

    async def latest_digests(self, channel_id: int, limit: int) -> list[DigestRecord]:
        """What became of the channel's latest digests, the newest first."""
        ...

    async def delivery(self, channel_id: int, paper_id: str) -> DeliveryRecord | None:
        """What became of a paper in a channel, None when it was never queued there."""
        ...

    async def sent_in(self, channel_id: int, *, before: int | None, after: int = 0, limit: int) -> list[SentPost]:
        """The latest posts on the platform that head a thread, or stand alone, with all that was sent in their threads,
        oldest first. `limit` counts heads, whose ids lie between `after` and `before`."""
        ...

    async def remote_id(self, channel_id: int, post_id: int) -> str | None:
        """What a post of that channel is called on its platform, None for one that is not there."""
        ...

    async def latest_sent(self, channel_ids: Sequence[int]) -> dict[int, int]:
        """The id of the latest post of each of these channels that is on its platform, 0 where there is none."""
        ...

    async def showing(self, channel_id: int, paper_id: str) -> list[SentPost]:
        """The messages of a channel that show a paper, by which it was delivered or lately shared; the latest first."""
        ...

    async def sent_as(self, channel_id: int, remote_id: str) -> Post | None:
        """The post that became that message of the platform's, None if it is none of ours."""
        ...
