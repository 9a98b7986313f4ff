"""What the Slack adapter asks of the core besides commands, on the store: the life of channels, and forms."""

from __future__ import annotations

from bot.channels import Address, Channel, ChannelState
from bot.directory import Directory
from bot.messages import Message, Paragraph, code, text
from bot.planning import next_for
from bot.ports import Clock, Store, TopicOptions
from bot.subscriptions import Subscription


class StoredLife:
    """Implements `adapters.slack.happenings.ChannelLife`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._directory = Directory(store, clock)

    async def reachable(self, address: Address, name: str) -> Message | None:
        channel = await self._directory.find(address)
        if channel is None:
            hello = text("I post papers on topics that you choose: ", code("/papers subscribe QUERY"))
            return Message(summary="Paper Round is here", blocks=(Paragraph(hello),))
        if channel.state is not ChannelState.BROKEN:
            return None
        await self._store.channels.resume(channel.id, next_digest_at=next_for(channel, self._clock.now()))
        return Message(summary="Posting goes on", blocks=(Paragraph(text("Posting goes on.")),))

    async def lost(self, address: Address, reason: str) -> None:
        await self._store.channels.break_channels(address, reason, whole_workspace=False)

    async def workspace_lost(self, address: Address, reason: str) -> None:
        await self._store.channels.break_channels(address, reason, whole_workspace=True)

    async def renamed(self, address: Address, name: str) -> None:
        if await self._directory.find(address) is not None:
            await self._directory.add_channel(address, name)


class StoredForms:
    """Implements `adapters.slack.dialogue.Forms`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def topic_of(self, address: Address, number: int) -> TopicOptions | None:
        channel = await self.channel_at(address)
        topics = await self._store.subscriptions.of_channel(channel.id) if channel else []
        return next((options_of(topic) for topic in topics if topic.number == number), None)

    async def channel_at(self, address: Address) -> Channel | None:
        return await self._store.channels.find(address)


def options_of(topic: Subscription) -> TopicOptions:
    return TopicOptions(query=topic.query, name=topic.name, min_upvotes=topic.min_upvotes, instant=topic.instant)
