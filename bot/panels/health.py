"""How a channel does: its next digest, the last ones, what waits, and why nothing is posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Channel, ChannelState
from bot.commands.services import Services
from bot.commands.wording import next_digest
from bot.messages.message import Span
from bot.posting.post import DigestRecord, FailedPost, PostState
from bot.text.counting import count_of

LATEST: Final = 10  # digests
MOST_LOST: Final = 5  # messages
_OPEN: Final = (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """How a channel does. `next` says when its next digest is, and else what to do; `waiting` papers are for it.

    `unsent` messages are on their way, the last of which had some `trouble`; `lost` are the
    latest that were given up, and can be tried again.
    """

    state: ChannelState
    next: Sequence[Span]
    waiting: int
    unsent: int
    trouble: str
    lost: Sequence[FailedPost]
    digests: Sequence[DigestRecord]


async def channel_health(services: Services, channel: Channel) -> ChannelHealth:
    """How the channel does. Raises `StorageError`."""
    now = services.clock.now()
    unsent = await services.posts.open_in(channel.id)
    trouble = await services.posts.last_error(channel.id) if unsent else ""
    return ChannelHealth(
        state=channel.state,
        next=next_digest(channel, now),
        waiting=len(await services.digests.waiting(channel.id)),
        unsent=unsent,
        trouble="" if trouble == channel.reason else trouble,
        lost=await services.posts.failed(MOST_LOST, channel_id=channel.id),
        digests=await services.posts.latest_digests(channel.id, LATEST),
    )


def outcome_of(record: DigestRecord) -> str:
    """What became of a digest, in a few words: `posted`, `2 of 3 messages posted, 1 given up`."""
    total = sum(record.posts.values())
    counts = {state: record.posts.get(state, 0) for state in PostState}
    open_ = sum(counts[state] for state in _OPEN)
    if counts[PostState.SENT] == total:
        return "posted"
    if counts[PostState.FAILED] == total:
        return "not posted"
    parts = [f"{counts[PostState.SENT]} of {count_of(total, 'message')} posted"] if counts[PostState.SENT] else []
    parts += [f"{count_of(open_, 'message')} on the way"] if open_ else []
    parts += [f"{counts[PostState.FAILED]} given up"] if counts[PostState.FAILED] else []
    return ", ".join(parts)
