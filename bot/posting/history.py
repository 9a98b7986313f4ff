"""History: what was posted in a channel, as it reads now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.channels.channel import Channel
from bot.messages.message import Message
from bot.posting.composition import Composer
from bot.posting.store import PostStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """A message on a platform, called `remote_id` there; `reply_to` is the id of the one that heads its thread."""

    id: int
    reply_to: int | None
    remote_id: str
    message: Message
    posted_at: datetime


class History:
    """Reads what came through the outbox. What people or other programs write in a channel is not known here."""

    def __init__(self, posts: PostStore, composer: Composer) -> None:
        self._posts = posts
        self._composer = composer

    async def of(
        self, channel: Channel, *, before: int | None = None, after: int = 0, limit: int
    ) -> list[PostedMessage]:
        """The latest messages that head a thread or stand alone, `limit` of them, with all replies, oldest first.

        The ids of those that are counted lie between `after` and `before`. Raises `StorageError`.
        """
        sent = await self._posts.sent_in(channel.id, before=before, after=after, limit=limit)
        composed = await self._composer.compose([each.post for each in sent])
        return [
            PostedMessage(
                id=each.post.id,
                reply_to=each.parent_id,
                remote_id=each.remote_id,
                message=composed[each.post.id][1].message,
                posted_at=each.sent_at,
            )
            for each in sent
            if each.post.id in composed
        ]

    async def remote_id(self, channel: Channel, post_id: int) -> str | None:
        """What the message of that id is called on its platform, None for none of the channel."""
        return await self._posts.remote_id(channel.id, post_id)

    async def latest(self, channels: Sequence[Channel]) -> dict[int, int]:
        """The id of each channel's last message, by the channel's id, 0 for an empty one; raises `StorageError`."""
        return await self._posts.latest_sent([channel.id for channel in channels])
