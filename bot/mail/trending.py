"""What is trending, for addresses that get that: gathered when their mail is due, as `/papers trending` finds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.channels.channel import Channel
from bot.mail.recipients import Content, RecipientStore
from bot.papers.store import PaperStore

_DAYS: Final[Mapping[Content, int]] = MappingProxyType({Content.DAY: 1, Content.WEEK: 7})


class Trending:
    """Queues papers for digests that are due. Whoever plans a digest gathers first, so that none is planned without."""

    def __init__(self, recipients: RecipientStore, papers: PaperStore) -> None:
        self._recipients = recipients
        self._papers = papers

    async def gather(self, due: Sequence[Channel], now: datetime) -> None:
        """Queues what is trending for those of these channels that get it and whose time has come."""
        following = [
            channel
            for channel in due
            if channel.follows is not None and channel.next_digest_at is not None and channel.next_digest_at <= now
        ]
        if not following:
            return
        recipients = await self._recipients.of_channels([channel.id for channel in following])
        for channel in following:
            recipient = recipients.get(channel.id)
            days = _DAYS.get(recipient.content) if recipient is not None and recipient.is_confirmed else None
            if days is None:
                continue
            # Counted from the newest listing: it is not empty on a Monday morning, or while a feed is away.
            newest = await self._papers.newest_day()
            since = (newest or now.date()) - timedelta(days=days - 1)
            papers = await self._papers.trending(since, channel.settings.limit)
            await self._recipients.queue(channel.id, [paper.id for paper in papers], now)
