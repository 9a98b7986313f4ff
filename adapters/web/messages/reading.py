"""The messages of a channel, wherever it is: of the web's own log, or what was posted on another platform."""

from __future__ import annotations

from adapters.web.addresses import channel_key
from adapters.web.platform import MessagePage, WebPlatform
from bot.channels.channel import Channel, PlatformName
from bot.messages.message import Message
from bot.platforms.message_log import LoggedMessage
from bot.platforms.outcomes import Outgoing
from bot.posting.history import History, PostedMessage

#: Between a reply and the head of its thread there are no more heads of others than this.
_HEADS_BETWEEN = 100


class ChannelMessages:
    """Reads what stands in channels. Ids are the log's own, or those of posts; everything may raise `StorageError`."""

    def __init__(self, platform: WebPlatform, history: History) -> None:
        self._platform = platform
        self._history = history

    async def page(self, channel: Channel, *, before: int | None, limit: int) -> MessagePage:
        """The latest `limit` threads of a channel, or those before a message."""
        if is_ours(channel):
            return await self._platform.page(channel.address.channel, before=before, limit=limit)
        posted = [_logged(channel, each) for each in await self._history.of(channel, before=before, limit=limit + 1)]
        return MessagePage.of(posted, limit)

    async def thread(self, channel: Channel, message_id: int) -> list[LoggedMessage]:
        """The thread that a message is in, its head first; empty where the channel has no such message."""
        # A reply may come after the heads of other threads.
        found = (await self.page(channel, before=message_id + 1, limit=_HEADS_BETWEEN)).messages
        head = next((each.reply_to or each.id for each in found if each.id == message_id), None)
        return [each for each in found if head in (each.id, each.reply_to)] if head is not None else []

    async def newer(self, channel: Channel, after: int, limit: int) -> list[LoggedMessage]:
        """The latest threads of a channel elsewhere that begin behind a message."""
        return [_logged(channel, each) for each in await self._history.of(channel, after=after, limit=limit)]

    async def remote_id(self, channel: Channel, message_id: int) -> str | None:
        """What a message is called on its platform, None for none of the channel."""
        return str(message_id) if is_ours(channel) else await self._history.remote_id(channel, message_id)

    async def change(self, channel: Channel, update: Outgoing, message_id: int) -> Message | None:
        """What a message says from now on, as `update` has it; None when it is not there. On another platform it is
        not changed by us: those who press there see it."""
        if is_ours(channel):
            changed = await self._platform.change(update, message_id)
            return changed.message if changed else None
        return update.message


def is_ours(channel: Channel) -> bool:
    return channel.address.platform is PlatformName.WEB


def _logged(channel: Channel, posted: PostedMessage) -> LoggedMessage:
    return LoggedMessage(
        id=posted.id,
        channel=channel_key(channel.address),
        message=posted.message,
        reply_to=posted.reply_to,
        posted_at=posted.posted_at,
    )
