"""What is kept of the past: the days on which papers were listed, and the digests and votes that they came to.

All reads are bounded, and served by indexes, however many channels and papers there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from bot.channels.channel import Channel
from bot.digests.digest import Digest
from bot.papers.paper import Paper
from bot.reading.votes import Tally
from bot.text.counting import count_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDay:
    """A page of the papers that any source listed on a day, most upvoted first; `total` counts all of them.

    `earlier` and `later` are the nearest days with papers, None where there is none.
    """

    day: date
    total: int
    papers: tuple[Paper, ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A paper was posted in a channel. `digest_id` is the digest that it came in.

    `shown` is False for what its digest only counts.
    """

    channel: Channel
    posted_at: datetime
    digest_id: int | None
    shown: bool


#: Channels that have a paper are counted so far; who has more reads that they are many.
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Postings:
    """The channels in which a paper was posted last, the latest first; `total` counts all, up to `MOST_COUNTED`."""

    total: int = 0
    latest: tuple[Posting, ...] = ()

    @property
    def others(self) -> str:
        """How many there are beside the latest, in words; empty for none."""
        if self.total >= MOST_COUNTED:
            return "many other channels"
        return count_of(others, "other channel") if (others := self.total - len(self.latest)) > 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelVotes:
    """What the people of a channel think of a paper. `up` are some who voted for it, by the platform's ids."""

    channel: Channel
    tally: Tally
    up: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDigest:
    """A digest with its papers in their order, those included that it only counts.

    `earlier` and `later` are the ids of the channel's digests beside it.
    """

    digest: Digest
    planned_at: datetime
    papers: tuple[Paper, ...]
    earlier: int | None
    later: int | None


class Archive(Protocol):
    """Where the past is read. All methods may raise `bot.errors.StorageError`."""

    async def counts(self, first: date, end: date) -> dict[date, int]:
        """How many papers were listed on each day from `first` to before `end`; days without any are left out."""
        ...

    async def listed(self, day: date, *, limit: int, offset: int = 0) -> ListedDay: ...

    async def postings(self, paper_ids: Sequence[str], each: int) -> dict[str, Postings]:
        """Where each of these papers was posted, the latest `each` channels of it. Nobody's own channel is told of."""
        ...

    async def votes(self, paper_id: str, *, channels: int, people: int) -> list[ChannelVotes]:
        """The votes on a paper in so many channels, those with most first. Nobody's own channel is told of."""
        ...

    async def digests(self, channel_id: int, *, before: int | None, limit: int) -> list[tuple[Digest, datetime]]:
        """The latest digests of that channel, or those before one, with the time of each; newest first."""
        ...

    async def digest(self, channel_id: int, digest_id: int, *, limit: int) -> PastDigest | None:
        """A digest of that channel with its first `limit` papers; None where it has none of that id."""
        ...
