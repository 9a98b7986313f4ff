"""What is trending, for addresses that get that: gathered when their mail is due, as `/papers trending` finds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.channels.channel import Channel
from bot.mail.recipients import Content, RecipientStore
from bot.papers.store import PaperStore
from bot.papers.trending import trending_papers


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
        found: dict[tuple[Content, int], list[str]] = {}
        wanted: dict[int, list[str]] = {}
        for channel in following:
            recipient = recipients.get(channel.id)
            if recipient is None or not recipient.is_confirmed or recipient.content is Content.TOPICS:
                continue
            asked = recipient.content, channel.settings.limit
            if asked not in found:
                papers = await trending_papers(self._papers, asked[0], today=now.date(), limit=asked[1])
                found[asked] = [paper.id for paper in papers]
            wanted[channel.id] = found[asked]
        if wanted:
            await self._recipients.queue(wanted, now)
