"""The store that takes what files change: several channels in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.channels.channel import Channel
from bot.topics.store import TopicEdit, TopicOptions
from bot.topics.subscription import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """What is to become of a channel. `before` is what it was when that was decided, None for one that is to be added;
    `topics` are those that it had then. `after` has the new schedule, time zone and settings; the next digest
    is the one that it would have then."""

    before: Channel | None
    after: Channel
    topics: tuple[Subscription, ...] = ()
    removed: tuple[int, ...] = ()
    edited: tuple[TopicEdit, ...] = ()
    added: tuple[TopicOptions, ...] = ()

    @property
    def sets_channel(self) -> bool:
        """Whether the channel itself is changed, or added."""
        return self.before != self.after

    @property
    def is_change(self) -> bool:
        return self.sets_channel or bool(self.removed or self.edited or self.added)


class TopicFileStore(Protocol):
    async def topics(self, channel_ids: Sequence[int]) -> Mapping[int, Sequence[Subscription]]:
        """The topics of these channels, by number; a channel without any is left out."""
        ...

    async def apply(self, changes: Sequence[ChannelChange], *, created_by: str, now: datetime) -> None:
        """Makes all of these changes, or none: removed topics go as people remove them, edited ones keep their numbers
        and what they brought, and added ones begin with what is listed from now on.

        Raises `UserError` where a channel or a topic is not any more what it was when this was decided.
        """
        ...
